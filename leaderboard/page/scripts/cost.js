// Score against cost over all settings, whatever the filters: figures/cost.py, pictures/costs.py.
const overall = (league) => league.views[0];
const ranksWith = (league, name) => {
  const place = league.columns.findIndex((one) => one.name === name);
  const figure = (row) => parts(row[field.cells][place] ?? null).mean;
  return rowsOf(overall(league)).filter((row) => row[field.rank] != null && figure(row) != null).map((row) => [row, figure(row)]);
};
// The title of the axis, and what figures are multiplied with: times in a unit that suits the longest.
const costAxis = (league, part) => {
  const own = layout.times[part];
  if (!own) return [layout.costs[part], 1];
  const longest = own * Math.max(...ranksWith(league, part).map(([, cost]) => cost));
  const [size, unit] = layout.timeUnits.find(([seconds]) => longest >= layout.fewestUnits * seconds) ?? layout.timeUnits.at(-1);
  return [`${layout.costs[part]} (${unit})`, own / size];
};
const costsOf = (league, part) => {
  const score = league.columns.findIndex((one) => one.name === overall(league).ranked_by);
  const [, factor] = costAxis(league, part);
  const every = ranksWith(league, part).map(([row, cost]) => ({
    method: series(league, row), oracle: league.entrants[row[field.entrant]].oracle === true,
    cost: factor * cost, score: parts(row[field.cells][score]).mean, front: false,
  }));
  let best = -Infinity;
  for (const one of every.toSorted((a, b) => a.cost - b.cost || b.score - a.score)) {
    one.front = one.score > best;
    best = Math.max(best, one.score);
  }
  return every.filter((one, place) => place < layout.all || one.front);
};
const costAxes = (spec, league, part, rows) => {
  const column = league.columns.find((one) => one.name === overall(league).ranked_by);
  const costs = rows.map((row) => row.cost);
  const scores = rows.map((row) => row.score);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const wide = Math.min(...costs) > 0 && Math.max(...costs) >= layout.wideSpread * Math.min(...costs);
  const place = wide ? Math.log : Number;
  const middle = (place(Math.min(...costs)) + place(Math.max(...costs))) / 2;
  for (const row of rows) row.side = place(row.cost) < middle ? "left" : "right";
  for (const { encoding } of spec.layer) {
    [encoding.x.title] = costAxis(league, part);
    encoding.y.title = column.title + (column.unit ? ` (${column.unit})` : "");
    // Layers without data would have no extent.
    encoding.x.scale.domain = [Math.min(...costs), Math.max(...costs)];
    // Below the lowest there is room for its name.
    encoding.y.scale.domain = [low - 0.08 * (high - low), high];
    if (wide) encoding.x.scale = { type: "log", nice: false, padding: 8, domain: encoding.x.scale.domain };
  }
};
// The reader may choose a single cost.
const costChooser = once(() => {
  const select = make("select", [], { onchange: () => go({ cost: select.value }) });
  return make("p", make("label", ["Kind of cost ", select]), { className: "chosen-cost" });
});
onView("cost", ({ league, params }) => {
  const panel = document.querySelector(`#${league.key} [data-panel=cost]`);
  const figures = all("figure[data-kind=cost]", panel);
  if (figures.length < 2) return;
  const choice = costChooser();
  const select = choice.querySelector("select");
  select.replaceChildren(make("option", "all", { value: "" }),
    ...figures.map(({ dataset }) => make("option", layout.costs[dataset.part], { value: dataset.part })));
  const wanted = figures.find(({ dataset }) => dataset.part === params.get("cost"))?.dataset.part ?? "";
  select.value = wanted;
  for (const figure of figures) figure.hidden = wanted !== "" && figure.dataset.part !== wanted;
  panel.querySelector("h3").after(choice);
});
