// With scripts enabled the page starts folded; it is hidden until then to avoid needless layout.
document.documentElement.className = "folding";
document.addEventListener("DOMContentLoaded", function () {
  document.querySelectorAll("details").forEach(function (fold) { fold.open = false; });
  document.documentElement.className = "";
});
// Everything is unfolded while the page is printed.
var folded = [];
addEventListener("beforeprint", function () {
  folded = [].slice.call(document.querySelectorAll("details:not([open])"));
  folded.forEach(function (fold) { fold.open = true; });
});
addEventListener("afterprint", function () {
  folded.forEach(function (fold) { fold.open = false; });
});
