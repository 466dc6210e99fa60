// From here on the script controls the page.
const enliven = (root) => {
  for (const figure of all("figure[data-kind]", root)) {
    figure.append(make("button", "Save SVG", { type: "button", onclick: () => saveFigure(figure), title: "Save this figure" }));
    if (charts[figure.dataset.kind]) watcher.observe(figure);
  }
  for (const place of all("[data-more]", root)) cardWatcher.observe(place);
};
enliven(document);
for (const fold of all("details.setting, details.card")) {
  fold.addEventListener("toggle", () => {
    if (!fold.open) return;
    if (fold.matches(".setting")) openSetting(fold);
    else complete(fold, enliven);
  });
}
const wide = matchMedia("(min-width: 60rem)");
tools.open = wide.matches;
wide.addEventListener("change", () => { tools.open = wide.matches; });
bar.addEventListener("change", ({ target }) => {
  const { name } = target;
  const checked = () => all(`[name=${name}]:checked`, bar).map(({ value }) => value);
  // Classes are those of the settings that were filtered before.
  if (FILTERS.includes(name)) go({ class: "", [name]: checked() });
  if (name === "class") go({ class: checked().length < all("[name=class]", bar).length ? checked() : "" });
  if (name === "practical") go({ practical: target.checked ? "1" : "" });
  if (name === "columns") {
    const names = all("[name=columns]:checked", bar).map(({ value }) => value);
    go({ columns: names.join(",") }, { replace: true });
  }
});
rankers.elements.by.addEventListener("change", ({ target: { value } }) => {
  const usual = viewOf(leagues.get(now.ranking), { ...chosenOf(now.params), by: "" });
  go({ by: value === usual?.ranked_by ? "" : value, sort: "" });
});
rankers.addEventListener("submit", (event) => event.preventDefault());
bar.elements.q.addEventListener("input", () => go({ q: bar.elements.q.value.trim() }, { replace: true }));
bar.addEventListener("submit", (event) => event.preventDefault());
bar.addEventListener("reset", (event) => {
  event.preventDefault();
  bar.elements.q.value = "";
  go(Object.fromEntries([...FILTERS, "class", "by", "q", "practical", "columns", "sort"].map((name) => [name, ""])));
});
chooser.addEventListener("change", () => {
  const kept = ["view", "practical"].filter((name) => now.params.get(name));
  const view = now.view === "compare" ? "" : now.view;
  const cleared = Object.fromEntries([...now.params.keys()].filter((name) => !kept.includes(name)).map((name) => [name, ""]));
  go({ ...cleared, view, ranking: chooser.value });
});
find("downloads").addEventListener("click", ({ target }) => { if (target.dataset.save) saveFile(target.dataset.save); });
// A menu closes when the reader turns to something else.
const closeMenus = (but) => { for (const menu of all("details.menu[open]")) if (!menu.contains(but)) menu.open = false; };
addEventListener("pointerdown", ({ target }) => closeMenus(target));
addEventListener("focusin", ({ target }) => closeMenus(target));
addEventListener("keydown", ({ key }) => {
  const menu = key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
tabs.append(make("ul"));
addEventListener("hashchange", () => show(location.hash.slice(1)));
show(location.hash.slice(1));
document.documentElement.dataset.ready = "";
