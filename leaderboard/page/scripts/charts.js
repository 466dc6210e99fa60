// Interactive charts.
// Charts are drawn when they come into view.
const rounded = (value) => Math.round(value * 1e4) / 1e4;
const series = (league, row) => looks[league.key][row[field.entrant]][0];
// No method's name contains a no-break space, so none is mistaken for an edge.
const EDGES = ["mean\u00a0wins", "mean\u00a0losses"];
const edges = (league, { wins, losses }) => members(league).flatMap((index, place) => {
  const [method] = looks[league.key][index];
  return [
    { method, against: EDGES[0], share: rounded(100 * wins[place]) },
    { method: EDGES[1], against: method, share: rounded(100 * losses[place]) },
  ];
});
// The first of those that have one, as in the static figures.
const firstOf = (block, name) => block.rows.filter((row) => row[field[name]]?.length).slice(0, layout.all);
const members = (league) => league.relations.entrants.slice(0, layout.all);
const values = {
  curves: (block) => firstOf(block, "curve").flatMap((row) => row[field.curve].map(
    ([patches, share, dice, low, high]) => ({ method: series(block.league, row), patches, share, dice, low, high }))),
  fits: (block) => firstOf(block, "fit").flatMap((row) => {
    const [gamma, , t0, y0, full, points] = row[field.fit];
    const method = series(block.league, row);
    const shares = points.map(([share]) => share);
    const [low, high] = [Math.min(...shares), Math.max(...shares)];
    const steps = Array.from({ length: 31 }, (_, step) => low + ((high - low) * step) / 30);
    const fitted = (t) => full + (y0 - full) * Math.exp(-gamma * (t - t0));
    return [...points.map(([share, dice]) => [share, dice, false]), ...steps.map((t) => [t, fitted(t), true])]
      .map(([share, dice, line]) => ({ method, gamma, line, share: rounded(100 * share), dice: rounded(100 * dice) }));
  }),
  classes: (block) => firstOf(block, "classes").flatMap((row, lane) => row[field.classes].flatMap(([dice, , labelled], index) =>
    [["Dice (%)", dice], ["Labelled fraction (%)", labelled]].map(([panel, value]) =>
      ({ method: series(block.league, row), lane, class: block.classes[index], panel, value })))),
  penalty: (league, part) => members(league).flatMap((method, row) =>
    members(league).flatMap((against, column) => (row === column ? [] : [{
      method: looks[league.key][method][0],
      against: looks[league.key][against][0],
      share: rounded(100 * league.relations.penalties[part].matrix[row][column]),
    }]))).concat(edges(league, league.relations.penalties[part])),
  ranks: (league, part) => league.blocks.flatMap((block) =>
    (league.relations.ranks[part][block.key] ?? []).slice(0, layout.all).flatMap((rank, index) => (rank == null ? [] : [{
      method: looks[league.key][league.relations.entrants[index]][0], setting: block.name, rank,
    }]))),
};
values.patches = values.curves;
values.foreground = values.curves;
values.cost = costsOf;
const styled = (node, scales) => {
  for (const [channel, scale] of Object.entries(scales)) {
    if (node.encoding?.[channel]?.field === "method") node.encoding[channel].scale = scale;
  }
  for (const inner of [...(node.layer ?? []), ...(node.spec ? [node.spec] : [])]) styled(inner, scales);
};
const draw = async (figure) => {
  const { kind, owner, part } = figure.dataset;
  const block = blocks.get(owner);
  const league = block?.league ?? data.leagues.find((one) => one.key === owner);
  if (kind === "penalty") await bringPenalties(league);
  const rows = values[kind](block ?? league, part);
  const names = new Set(rows.map((row) => row.method));
  const ordered = league.relations.entrants.map((index) => looks[league.key][index]);
  const known = (block || kind === "cost" ? looks[league.key] : ordered).filter(([name]) => names.has(name));
  const [domain, colours, dashes, shapes] = [0, 1, 2, 3].map((index) => known.map((look) => look[index]));
  const spec = structuredClone(charts[kind]);
  const full = block ? parts(block.full_data).mean : null;
  if (kind === "cost") costAxes(spec, league, part, rows);
  spec.datasets = {
    values: rows,
    full: full == null ? [] : [{ full, label: `full data ${shown(full, "%")}` }],
  };
  styled(spec, { color: { domain, range: colours }, fill: { domain, range: colours }, stroke: { domain, range: colours }, strokeDash: { domain, range: dashes }, shape: { domain, range: shapes } });
  if (kind === "patches" || kind === "foreground") {
    // Curves and full data span the axis; bands don't widen it.
    const seen = [...rows.map((row) => row.dice), ...(full == null ? [] : [full])];
    const span = [Math.min(...seen), Math.max(...seen)];
    for (const { encoding } of spec.layer) encoding.y.scale.domain = span;
    // The bands of many curves hide each other; those of a picked one are shown.
    if (known.length > layout.fewCurves) spec.layer[0].encoding.opacity.condition.empty = false;
  }
  const place = figure.querySelector(".chart") ?? make("div", [], { className: "chart" });
  figure.prepend(place);
  if (kind === "penalty") {
    spec.encoding.x.scale = { domain: [...domain, EDGES[0]] };
    spec.encoding.y.scale = { domain: [...domain, EDGES[1]] };
  }
  const { legend } = spec.config;
  if (known.length > 10) {
    Object.assign(legend, { columns: Math.max(2, Math.floor(figure.clientWidth / 150)), labelLimit: 120, labelFontSize: 11 });
  }
  if (spec.facet) spec.spec.height.step = Math.max(7, 26 / known.length);
  if (spec.facet) spec.spec.width = Math.max(90, (figure.clientWidth - 190) / 2);
  await library("charts");
  await window.vegaEmbed(place, spec, { ast: true, renderer: "svg", actions: false, mode: "vega-lite" });
  const told = { role: "img", "aria-label": figure.querySelector("figcaption").textContent };
  for (const [name, value] of Object.entries(told)) place.querySelector("svg").setAttribute(name, value);
  figure.classList.add("live");
};
const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    draw(target).catch((error) => console.error(`${target.id}: ${error.message}`));
  }
}, { rootMargin: "200px" });
