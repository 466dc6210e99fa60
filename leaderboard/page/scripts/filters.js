// Filters, the column picker, and the table of the chosen view.
const tools = find("tools");
const bar = find("bar");
const said = find("said");
const FILTERS = ["role", "dataset", "regime", "patch"];
const facet = (block, name) => `${name === "patch" ? block.patch_role || block.patch : name === "role" ? block.role || "other" : block[name]}`;
const chosenOf = (params) => ({
  ...Object.fromEntries(FILTERS.map((name) => [name, params.getAll(name)])), classes: params.getAll("class"), by: params.get("by") ?? "",
});
const fits = (block, chosen) => FILTERS.every((name) => !chosen[name].length || chosen[name].includes(facet(block, name)));
// Means and tests over settings are computed beforehand: a choice without them can't be shown.
const viewsOf = (league, chosen) => {
  const compared = league.blocks.filter((block) => league.views[0]?.settings.includes(block.key));
  const keys = compared.filter((block) => fits(block, chosen)).map((block) => block.key);
  return league.views.filter(({ settings }) => settings.length === keys.length && keys.every((key) => settings.includes(key)));
};
const byOf = (view) => view.by || view.ranked_by;
const ofClasses = (views, classes) => views.filter((view) =>
  view.classes.length === classes.length && classes.every((name) => view.classes.includes(name)));
// A metric that no ranking of these settings follows leaves the usual one.
const viewOf = (league, chosen) => {
  const views = ofClasses(viewsOf(league, chosen), chosen.classes);
  return views.find((view) => byOf(view) === chosen.by) ?? views.find((view) => !view.by);
};
const checkbox = (name, value, label, checked, disabled = false, title = "") => make("label", [
  make("input", [], { type: "checkbox", name, value, checked, disabled }), label,
], { title });
const rankers = find("rankers");
const fillRankers = (league, chosen) => {
  const views = ofClasses(viewsOf(league, chosen), chosen.classes);
  const titles = new Map(league.columns.map(({ name, title }) => [name, title]));
  const known = views.map(byOf);
  const { by } = rankers.elements;
  by.replaceChildren(...[...titles].filter(([name]) => league.views.some((view) => byOf(view) === name && !view.classes.length))
    .map(([name, title]) => make("option", title, { value: name, disabled: !known.includes(name) })));
  const view = viewOf(league, chosen);
  if (view) by.value = byOf(view);
  rankers.hidden = by.options.length < 2;
};
// Classes of the one dataset that is ranked.
const fillClasses = (league, chosen) => {
  const menu = bar.querySelector("[data-filter=class]");
  const views = viewsOf(league, { ...chosen, classes: [] });
  const names = [...new Set(views.flatMap(({ classes }) => classes))];
  menu.hidden = !names.length && !chosen.classes.length;
  menu.querySelector(".value").textContent = chosen.classes.length ? chosen.classes.join(", ") : "all";
  refill(menu, [...new Set([...names, ...chosen.classes])].map((name) => {
    const checked = chosen.classes.includes(name);
    const further = checked ? chosen.classes.filter((one) => one !== name) : [...chosen.classes, name];
    const missing = !checked && further.length < names.length && !ofClasses(views, further).length;
    return checkbox("class", name, name, checked, missing, missing ? "No ranking was computed for this combination." : "");
  }));
};
const fillFilters = (league, chosen) => {
  fillClasses(league, chosen);
  for (const name of FILTERS) {
    const menu = bar.querySelector(`[data-filter=${name}]`);
    const values = [...new Set(league.blocks.map((block) => facet(block, name)))];
    menu.hidden = values.length < 2 && !chosen[name].length;
    menu.querySelector(".value").textContent = chosen[name].length ? chosen[name].join(", ") : "all";
    const boxes = values.map((value) => {
      const checked = chosen[name].includes(value);
      const further = { ...chosen, [name]: [...chosen[name], value] };
      const missing = !checked && now.view === "ranking" && !viewOf(league, { ...further, classes: [] });
      return checkbox(name, value, value, checked, missing, missing ? "No ranking was computed for this combination." : "");
    });
    refill(menu, boxes);
  }
};
// Keeps the focus where it was while a menu is filled again.
const refill = (menu, boxes) => {
  const sheet = menu.querySelector(".sheet");
  const focused = sheet.contains(document.activeElement) ? document.activeElement.value : null;
  sheet.replaceChildren(sheet.querySelector("legend"), ...boxes);
  for (const box of all("input", sheet)) if (box.value === focused) box.focus();
};
const fillColumns = (league, source, pick) => {
  const { every, first } = columnsOf(league, source);
  const names = pick.length ? pick : first.map(({ name }) => name);
  refill(find("columns"), every.map(({ name, title, help, key }) =>
    checkbox("columns", name, title, names.includes(name) || key, key, help)));
};
const keepOf = (league, params) => {
  const words = (params.get("q") ?? "").toLowerCase().split(/\s+/);
  return (row) => {
    const { name, id, oracle } = league.entrants[row[field.entrant]];
    const text = `${name} ${id}`.toLowerCase();
    return words.every((word) => text.includes(word)) && !(params.get("practical") && oracle);
  };
};
const optionsOf = (league, params) => ({ pick: (params.get("columns") ?? "").split(",").filter(Boolean), keep: keepOf(league, params) });
const tell = (view, kept) => {
  const hidden = view ? rowsOf(view).length - kept.length : 0;
  const words = !view ? "No ranking was computed for this combination of filters."
    : !kept.length ? "No method matches these filters."
    : hidden ? `${hidden} ${hidden === 1 ? "method" : "methods"} hidden; ranks are those among all methods.` : "";
  if (said.textContent !== words) said.textContent = words;
};
const fillBar = (league, params, source) => {
  fillFilters(league, chosenOf(params));
  fillRankers(league, chosenOf(params));
  if (source) fillColumns(league, source, (params.get("columns") ?? "").split(",").filter(Boolean));
  if (document.activeElement !== bar.elements.q) bar.elements.q.value = params.get("q") ?? "";
  bar.elements.practical.checked = Boolean(params.get("practical"));
  bar.elements.practical.closest("label").hidden = !league.entrants.some(({ oracle }) => oracle);
  bar.querySelector("[type=reset]").hidden = ![...FILTERS, "class", "by", "q", "practical", "columns", "sort"].some((name) => params.get(name));
};
// Only where they aren't yet: moving takes the focus away.
const moveTools = (place) => { if (tools.parentElement !== place) place.append(rankers, tools); };
const shownViews = new Map();
const shells = new Map(sections.map((section) => [section.id, {
  section, table: section.querySelector("table.ranking"),
  parts: all(".answer > :not(.first), .first > .lead-chart, .first .scroll, .tested, .why", section.querySelector("[data-panel=ranking]")),
}]));
const sentence = (node, text) => { node.textContent = text; node.hidden = !text; };
const fillView = (section, league, view, chosen) => {
  const verdict = view.verdict ?? {};
  sentence(section.querySelector(".headline"), verdict.headline ?? "");
  sentence(section.querySelector(".more"), (verdict.more ?? []).join(" "));
  sentence(section.querySelector(".repeat"), verdict.repeat ?? "");
  section.querySelector(".why").replaceChildren(...view.lacking.map((line) => make("li", make("bdi", line))));
  const filters = [...FILTERS, "classes"].flatMap((name) => chosen[name]).join(", ");
  const { settings } = view;
  const count = settings.length === 1 ? blocks.get(settings[0]).name : `${filters ? "" : "All "}${settings.length} settings`;
  // The league's first note says what its usual ranking follows.
  const note = section.querySelector(".notes li");
  if (note) note.hidden = Boolean(view.by || view.classes.length);
  section.querySelector(".chosen").textContent = filters ? `${filters}: ${count}` : count;
  section.querySelector(".tested .test").textContent = tested(verdict.test);
  section.querySelector(".tested .cohort").textContent = comparing(view.stamp);
};
// A ranking of one or two settings shows their learning curves, too.
onRanking(async ({ league, view, section }) => {
  const curves = section.querySelector(".curves");
  if (!curves) return;
  const own = all("figure[data-kind=beside]", curves);
  for (const figure of own) figure.hidden = !view.settings.includes(figure.dataset.part);
  if (own.length) return;
  const few = view.settings.length > 2 ? [] : view.settings;
  if (beside) await Promise.all(few.map((key) => complete(find(key), enliven)));
  if (shownViews.get(league)?.view !== view) return;
  const figures = few.map((key) => [blocks.get(key), find(`${key}-patches`)]);
  curves.replaceChildren(...figures.filter(([, figure]) => figure?.querySelector(".static svg")).map(([{ name }, figure]) => make("figure", [
    make("div", figure.querySelector(".static svg").cloneNode(true), { className: "static" }),
    make("figcaption", `${name}. ${figure.querySelector("figcaption").textContent}`),
  ])));
});
// Until the rows are there, the view before stays; where they can't come, nothing does.
const awaitRows = (league, view, params, those) => {
  const asked = now;
  fillBar(league, params, null);
  bringRows(view).then(() => {
    if (now === asked) show(address().slice(1));
  }, ({ message }) => {
    if (now !== asked) return;
    for (const part of those) part.classList.add("none");
    said.textContent = message;
  });
};
onView("ranking", ({ league, params }) => {
  const { section, table, parts: those } = shells.get(league.key);
  if (!table) return;
  moveTools(section.querySelector(".tools-place"));
  const chosen = chosenOf(params);
  const view = viewOf(league, chosen);
  if (view && !hasRows(view)) {
    awaitRows(league, view, params, those);
    return;
  }
  for (const part of those) part.classList.toggle("none", !view);
  fillBar(league, params, view);
  let kept = [];
  if (view) {
    const [name, direction] = (params.get("sort") ?? "").split(".");
    kept = drawTable(table, league, view, {
      ...optionsOf(league, params), sort: { name, down: direction === "desc" },
      onsort: (sort) => go({ sort: sort.name === "rank" && !sort.down ? "" : `${sort.name}.${sort.down ? "desc" : "asc"}` }, { replace: true }),
    });
    fillView(section, league, view, chosen);
    const practical = Boolean(params.get("practical"));
    const before = shownViews.get(league);
    if (before?.view !== view || before.practical !== practical) {
      shownViews.set(league, { view, practical });
      const rows = rowsOf(view).filter((row) => !practical || !league.entrants[row[field.entrant]].oracle);
      for (const open of rankingOpeners) open({ league, view, rows, section });
    }
  }
  tell(view, kept);
});
const drawSetting = (details, sort) => {
  const block = blocks.get(details.id);
  drawTable(details.querySelector("table"), block.league, block, {
    ...optionsOf(block.league, now.params), sort, onsort: (wanted) => drawSetting(details, wanted),
  });
};
const openSetting = (details) => {
  if (hasRows(blocks.get(details.id)) && !details.querySelector("[data-beside]")) drawSetting(details);
  else complete(details, (fold) => { enliven(fold); drawSetting(fold); });
};
onView("settings", ({ league, params }) => {
  const section = find(league.key);
  moveTools(section.querySelector(".tools-settings"));
  fillBar(league, params, league.views[0]);
  rankers.hidden = true;
  bar.querySelector("[data-filter=class]").hidden = true;
  const chosen = chosenOf(params);
  const kept = league.blocks.filter((block) => {
    const fit = fits(block, chosen);
    find(block.key).hidden = !fit;
    if (fit && find(block.key).open) openSetting(find(block.key));
    return fit;
  });
  said.textContent = kept.length ? "" : "No setting matches these filters.";
});
