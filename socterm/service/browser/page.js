// The socket opens for who has the key of this login; where it is lost, one has to log in again.
addEventListener("DOMContentLoaded", () => {
  const key = localStorage.getItem("socterm");
  if (key) document.querySelector("#terminal").dataset.sessionWebsocketUrl += "/" + key;
  else document.querySelector(".bar form").submit();
});
// Whoever opens the console wants to press its keys, not click into it first.
addEventListener("load", () => document.querySelector(".xterm-helper-textarea")?.focus());
