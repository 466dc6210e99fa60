// With a script the page starts folded; hidden until then, so that nothing is laid out in vain.
document.documentElement.className = "folding";
document.addEventListener("DOMContentLoaded", function () {
  document.querySelectorAll("details").forEach(function (fold) { fold.open = false; });
  document.documentElement.className = "";
});
