// With a script the page starts folded; hidden until then, so that nothing is laid out in vain.
document.documentElement.className = "folding";
document.addEventListener("DOMContentLoaded", function () {
  document.querySelectorAll("details").forEach(function (fold) { fold.open = false; });
  document.documentElement.className = "";
});
// Paper can't be unfolded: all is open while the page is printed.
var folded = [];
addEventListener("beforeprint", function () {
  folded = [].slice.call(document.querySelectorAll("details:not([open])"));
  folded.forEach(function (fold) { fold.open = true; });
});
addEventListener("afterprint", function () {
  folded.forEach(function (fold) { fold.open = false; });
});
