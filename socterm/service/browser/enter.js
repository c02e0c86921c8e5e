// The key of this login, kept where pages of this origin alone read it: a cookie goes to all ports of a host.
addEventListener("DOMContentLoaded", () => {
  localStorage.setItem("socterm", document.querySelector("main").dataset.key);
  location.replace("/console");
});
