"""A language model made on the spot: random weights, half a megabyte, run by llama.cpp's own server.

It understands nothing. What it shows is that streaming, cancelling, limits and forms work on a real engine.
Run as a program it serves until its standard input ends, and says where on its first line of output.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CONTEXT, WIDE = 2048, 16_384
"""Tokens the server gives a conversation, and one that fills forms: at random they grow to their bounds."""

CITING = 'root ::= (word cite){3,9}\nword ::= [a-z]{1,6} " "\ncite ::= "[#" [1-9] [0-9]{0,5} "] "'
"""A grammar of answers that cite at random."""

_TEMPLATE = (
    "{% for one in messages %}<|turn|>{{ one['role'] }}\n{{ one['content'] }}<|over|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}"
)
_LAYERS, _WIDTH, _HEADS, _INNER = 2, 64, 4, 128


def write_model(path: Path) -> None:
    """Write a GGUF file: a llama of two layers whose tokens are the bytes and three marks."""
    import gguf
    import numpy as np

    tokens = [_letter(byte) for byte in range(256)]
    marks = ["<|none|>", "<|turn|>", "<|over|>"]
    merges = ["e r", "i n"]  # the format wants some
    tokens += ["er", "in", *marks]
    kinds = [gguf.TokenType.NORMAL] * (len(tokens) - len(marks)) + [gguf.TokenType.CONTROL] * len(marks)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("socterm-tests")
    writer.add_context_length(WIDE)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index("<|none|>"))
    writer.add_eos_token_id(tokens.index("<|over|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(_TEMPLATE)
    random = np.random.default_rng(1)

    def weights(name: str, *shape: int) -> None:
        writer.add_tensor(name, (random.standard_normal(shape) / shape[-1] ** 0.5).astype(np.float32))

    def ones(name: str) -> None:
        writer.add_tensor(name, np.ones(_WIDTH, np.float32))

    weights("token_embd.weight", len(tokens), _WIDTH)
    for layer in range(_LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            ones(f"blk.{layer}.{name}.weight")
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            weights(f"blk.{layer}.{name}.weight", _WIDTH, _WIDTH)
        weights(f"blk.{layer}.ffn_gate.weight", _INNER, _WIDTH)
        weights(f"blk.{layer}.ffn_up.weight", _INNER, _WIDTH)
        weights(f"blk.{layer}.ffn_down.weight", _WIDTH, _INNER)
    ones("output_norm.weight")
    weights("output.weight", len(tokens), _WIDTH)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _letter(byte: int) -> str:
    """How byte-level BPE writes a byte: printable ones as they are, the others from U+0100 on."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    if byte in plain:
        return chr(byte)
    return chr(256 + [other for other in range(256) if other not in plain].index(byte))


class _Grammar(BaseHTTPRequestHandler):
    """Stands before the engine: forms, and under /cites all answers, become grammars; the rest is passed on.

    The engine takes forms itself, but then reads its model's words once more and rejects some random ones.
    """

    protocol_version = "HTTP/1.1"
    engine: str

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._pass_on("GET", None)

    def do_POST(self) -> None:
        import xllamacpp

        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        form = body.pop("response_format", None)
        if form is not None:
            body["grammar"] = xllamacpp.json_schema_to_grammar(json.dumps(form["json_schema"]["schema"]))
        elif self.path.startswith("/cites/"):
            body.pop("tools", None)
            body["grammar"] = CITING
        self._pass_on("POST", json.dumps(body))

    def _pass_on(self, method: str, body: str | None) -> None:
        upstream = http.client.HTTPConnection(self.engine, timeout=60)
        try:
            path = self.path.removeprefix("/cites")
            upstream.request(method, path, body, {"content-type": "application/json"})
            answer = upstream.getresponse()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
            self.send_header("Connection", "close")
            self.end_headers()
            while part := answer.read1(65536):
                self.wfile.write(part)
                self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client has had enough; leaving closes the engine's side, too
        finally:
            self.close_connection = True
            upstream.close()


def serve() -> None:
    """Serve until standard input ends."""
    import xllamacpp

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tiny.gguf")
        write_model(path)
        engine = xllamacpp.Server(_params(path))
        embedder = xllamacpp.Server(_params(path, embeds=True))
        wide = xllamacpp.Server(_params(path, context=WIDE))
        _Grammar.engine = wide.listening_address.removeprefix("http://")
        front = ThreadingHTTPServer(("127.0.0.1", 0), _Grammar)
        front.daemon_threads = True
        threading.Thread(target=front.serve_forever, daemon=True).start()
        told = {
            "engine": engine.listening_address,
            "forms": f"http://127.0.0.1:{front.server_address[1]}",
            "embeds": embedder.listening_address,
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stdin.buffer.read()
    os._exit(0)


def _params(path: Path, *, context: int = CONTEXT, embeds: bool = False) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {"tiny-embed" if embeds else "tiny"}
    params.n_ctx = context
    params.n_parallel = 1
    params.port = 0
    params.warmup = params.fit_params = params.ui = False
    params.offline = params.use_jinja = True
    # More threads wait for each other on a busy machine longer than so small a model computes.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.embedding = embeds
    if embeds:
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    return params


if __name__ == "__main__":
    serve()
