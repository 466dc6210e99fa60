// With scripts the page shows one view of one ranking at a time, with details on demand.
// It is hidden until then to avoid needless layout.
document.documentElement.classList.add("scripts", "folding");
document.addEventListener("DOMContentLoaded", function () {
  var first = document.body.dataset.default;
  document.querySelectorAll("details").forEach(function (fold) { fold.open = false; });
  document.querySelectorAll("[data-panel]").forEach(function (panel) {
    panel.hidden = panel.dataset.panel !== "ranking";
  });
  document.querySelectorAll(".league").forEach(function (league) { league.hidden = league.id !== first; });
  document.documentElement.classList.remove("folding");
});
// Where the script can't run to its end, the page is as it is without it.
function plainly(error) {
  console.error(error);
  document.documentElement.classList.remove("scripts", "folding");
  document.querySelectorAll("[data-panel], .league").forEach(function (part) { part.hidden = false; });
  document.querySelectorAll("details").forEach(function (fold) { fold.open = true; });
}
// A browser that is too old for the script can't even read it.
addEventListener("error", function (event) {
  if (!("ready" in document.documentElement.dataset)) plainly(event.error);
});
