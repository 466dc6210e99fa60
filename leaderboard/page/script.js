"use strict";
// The page shows every table and figure without this script, which adds filters, sorting, downloads
// and interactive charts. It creates text nodes only, never markup.
(async () => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const find = (id) => document.getElementById(id);
  const make = (tag, content = [], fields = {}) => {
    const node = Object.assign(document.createElement(tag), fields);
    node.append(...[content].flat());
    return node;
  };
  const folds = all("details");
  if (document.readyState === "loading") {
    await new Promise((done) => addEventListener("DOMContentLoaded", done));
  }

  const content = async (id) => {
    const bytes = Uint8Array.from(atob(find(id).textContent), (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };
  const libraries = {};
  const library = (name) => (libraries[name] ??= content(`library-${name}`).then((text) => {
    document.head.append(make("script", text));
  }));

  const data = JSON.parse(await content("data"));
  const { badges, charts, decimals, looks } = JSON.parse(find("looks").textContent);
  await library("tables");
  const { DataTable } = window;
  const field = Object.fromEntries(data.row.map((name, index) => [name, index]));
  const blocks = new Map(data.leagues.flatMap((l) => l.blocks.map((b) => [b.key, { ...b, league: l }])));

  // Figures as leaderboard/formatting.py shows them.
  const shown = (value, unit) => {
    const [whole, rest] = value.toFixed(decimals[unit] ?? 2).split(".");
    return whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") + (rest ? `.${rest}` : "");
  };
  const parts = (cell) => {
    if (!Array.isArray(cell)) return { mean: cell };
    if (cell.length === 1) return { mean: null, reason: data.reasons[cell[0]] };
    const [mean, spread, low, high, reason] = cell;
    return { mean, spread, low, high, reason: reason == null ? null : data.reasons[reason] };
  };
  const pair = (text, beside) => (beside ? [text, make("small", beside)] : [text]);
  const cellOf = (cell, { unit, beside }) => {
    const { mean, spread, low, high, reason } = parts(cell);
    if (mean == null) return make("td", make("abbr", "n/a", { title: reason ?? "no figure" }));
    const band = low == null || high == null ? "" : `${shown(low, unit)}–${shown(high, unit)}`;
    const about = spread == null ? "" : `± ${shown(spread, unit)}`;
    return make("td", pair(shown(mean, unit), beside === "spread" ? about || band : band || about));
  };
  const rankOf = (row) => {
    const status = data.statuses[row[field.status]];
    const rank = row[field.rank];
    if (rank == null) {
      const title = `not ranked: ${status === "complete" ? "no score" : status}`;
      return make("td", make("abbr", "–", { title }));
    }
    const low = row[field.rank_low];
    const interval = low == null ? "" : `${low}–${row[field.rank_high]}`;
    return make("td", pair(`${rank}`, [interval, row[field.ties]].filter(Boolean).join(" · ")));
  };
  const soft = (name) => name.split(/(?<=[_,])(?=.)/).flatMap((part, place) =>
    (place ? [make("wbr"), part] : [part]));
  const badgeOf = (name) => make("span", badges[name] ?? name, { className: `badge ${name.replaceAll(" ", "-")}` });
  const comparing = (stamp) => {
    const [methods, set] = stamp.split(", ");
    const several = methods.endsWith("methods") && !methods.startsWith("0 ");
    return several ? `Ranks and PPM are computed among these ${methods} (set ID ${set}).` : "";
  };
  const rowOf = (league, row) => {
    const entrant = league.entrants[row[field.entrant]];
    const status = data.statuses[row[field.status]];
    const shownBadges = entrant.badges.filter((name) => !data.statuses.includes(name));
    if (status !== "complete") shownBadges.push(status);
    const head = make("th", [
      make("a", make("bdi", soft(entrant.name)), { href: `#${entrant.key}` }),
      make("span", shownBadges.map(badgeOf), { className: "badges" }),
      ...(row[field.notes] ?? []).map((note) => make("span", make("bdi", note), { className: "note" })),
    ], { scope: "row" });
    const cells = league.columns.map((column, index) => cellOf(row[field.cells][index], column));
    return make("tr", [rankOf(row), head, ...cells], status === "complete" ? {} : { className: status });
  };
  const whyOf = (league, rows) => {
    const found = new Map();
    const add = (what, reason, title) => {
      const key = JSON.stringify([what, reason]);
      found.set(key, (found.get(key) ?? new Set()).add(title));
    };
    for (const row of rows) {
      const reason = row[field.rank_reason];
      if (row[field.rank] != null && reason != null) add("Not available", data.reasons[reason], "Rank interval");
    }
    league.columns.forEach((column, index) => rows.forEach((row) => {
      const { mean, reason } = parts(row[field.cells][index]);
      if (reason) add(mean == null ? "Not available" : "Without spread or interval", reason, column.title);
    }));
    return [...found].map(([key, titles]) => {
      const [what, reason] = JSON.parse(key);
      return make("li", make("bdi", `${what}: ${[...titles].join(", ")} (${reason})`));
    });
  };

  // Sorting follows what is shown; n/a always comes last.
  const { order } = DataTable.ext.type;
  order["method-pre"] = (html) => html.replaceAll("<wbr>", "").replace(/<[^>]*>/g, " ").trim().toLowerCase();
  const last = (sign) => (a, b) => (a === null) - (b === null) || sign * (a - b);
  order["figure-pre"] = (text) => {
    const value = parseFloat(String(text).replaceAll("\u202f", ""));
    return Number.isNaN(value) ? null : value;
  };
  order["figure-asc"] = last(1);
  order["figure-desc"] = last(-1);
  const sortable = (table, better, options = {}) => new DataTable(table, {
    paging: false, info: false, autoWidth: false, order: [],
    layout: { topStart: null, topEnd: null, bottomStart: null, bottomEnd: null },
    columnDefs: [
      { targets: 1, type: "method", orderSequence: ["asc", "desc"], searchable: true },
      { targets: better, type: "figure", orderSequence: ["desc", "asc"], searchable: false },
      { targets: "_all", type: "figure", orderSequence: ["asc", "desc"], searchable: false },
    ],
    ...options,
  });
  const better = (columns) => columns.flatMap((c, index) => (c.higher_is_better ? [index + 2] : []));
  const rankings = new Map(all("table.ranking").map((table) => {
    const league = data.leagues.find((one) => one.key === table.dataset.league);
    const sorting = sortable(table, better(league.columns), { order: [[0, "asc"]] });
    return [league.key, { league, table, sorting, section: find(league.key), view: league.views[0] }];
  }));
  const titles = (table) => all("thead th", table).map((head) => head.textContent);
  const sortBlock = (details) => {
    const table = details.querySelector("table");
    if (!table || DataTable.isDataTable(table)) return;
    const { columns } = blocks.get(details.id).league;
    const heads = titles(table);
    const high = columns.filter((c) => c.higher_is_better).map((c) => c.title);
    const places = heads.flatMap((head, index) => (high.some((title) => head.startsWith(title)) ? [index] : []));
    sortable(table, places, { order: [[0, "asc"]] });
  };

  // The state is kept in the fragment, so that a link reproduces it.
  const bar = find("bar");
  const fields = ["group", "track", "epochs", "dataset", "regime", "patch"];
  const ofLeague = ["group", "track", "epochs"];
  const ofBlock = (block) => ({ ...block, patch: block.patch_role || block.patch });
  const choices = (name) => new Set(data.leagues.flatMap((league) => (ofLeague.includes(name)
    ? [`${league[name]}`] : league.blocks.map((block) => `${ofBlock(block)[name]}`))));
  for (const name of fields) {
    bar.elements[name].append(...[...choices(name)].map((value) =>
      new Option(name === "epochs" ? `${value} epochs` : value, value)));
  }
  const read = () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  const write = (state) => {
    for (const [name, value] of [...state]) if (!value) state.delete(name);
    history.replaceState(null, "", `#${state}`);
    if (![...state].length) history.replaceState(null, "", location.href.split("#")[0]);
  };
  const fits = (state, names, thing) => names.every((name) =>
    !state.get(name) || `${thing[name]}` === state.get(name));
  const same = (a, b) => a.length === b.length && a.every((key) => b.includes(key));
  const fill = (ranking, view, keys) => {
    const rows = typeof view.rows === "string" ? blocks.get(view.rows).rows : view.rows;
    const { league, sorting, table } = ranking;
    if (ranking.view !== view) {
      sorting.clear().rows.add(rows.map((row) => rowOf(league, row)));
      ranking.section.querySelector(".why").replaceChildren(...whyOf(league, rows));
      const caution = ranking.section.querySelector(".caution");
      caution.hidden = !view.caution;
      caution.querySelector("span").textContent = view.caution;
      table.caption.querySelector(".cohort").textContent = comparing(view.stamp);
      ranking.view = view;
    }
    const chosen = fields.slice(3).map((name) => bar.elements[name].value).filter(Boolean).join(", ");
    const count = keys.length === 1 ? blocks.get(keys[0]).name : `${chosen ? "" : "All "}${keys.length} settings`;
    table.caption.querySelector(".chosen").textContent = chosen ? `${chosen}: ${count}` : count;
  };
  let busy = false;
  const apply = () => {
    busy = true;
    const state = read();
    for (const name of fields) bar.elements[name].value = state.get(name) ?? "";
    bar.elements.q.value = state.get("q") ?? "";
    const [sorted, column, direction] = (state.get("sort") ?? "").split(".");
    let count = 0;
    for (const ranking of rankings.values()) {
      const { league, sorting, section } = ranking;
      const kept = league.blocks.filter((block) => fits(state, fields.slice(3), ofBlock(block)));
      const keys = kept.map((block) => block.key);
      const view = league.views.find((one) => same(one.settings, keys)) ??
        (kept.length === league.blocks.length ? league.views[0] : null);
      section.hidden = !view || !fits(state, ofLeague, league);
      if (section.hidden) continue;
      count += 1;
      fill(ranking, view, keys);
      for (const block of league.blocks) find(block.key).hidden = !keys.includes(block.key);
      const place = ["rank", "method", ...league.columns.map((c) => c.name)].indexOf(column);
      const wanted = sorted === league.key && place >= 0 ? [place, direction === "desc" ? "desc" : "asc"] : [0, "asc"];
      const words = (state.get("q") ?? "").toLowerCase().split(/\s+/);
      const told = (index) => sorting.row(index).node().cells[1].textContent.toLowerCase();
      sorting.search((text, row, index) => words.every((word) => told(index).includes(word)));
      sorting.order([wanted]).draw();
    }
    find("said").textContent = count ? `${count} ranking${count > 1 ? "s" : ""}` : "No ranking matches these filters.";
    busy = false;
  };
  const choose = () => {
    const state = read();
    for (const name of [...fields, "q"]) state.set(name, bar.elements[name].value);
    write(state);
    apply();
  };
  for (const { league, sorting } of rankings.values()) {
    sorting.on("order.dt", () => {
      if (busy) return;
      const [[place, direction] = [0, "asc"]] = sorting.order();
      const name = ["rank", "method", ...league.columns.map((c) => c.name)][place];
      const state = read();
      state.set("sort", place === 0 && direction === "asc" ? "" : `${league.key}.${name}.${direction}`);
      write(state);
    });
  }
  const named = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const reveal = () => {
    const target = location.hash.includes("=") ? null : find(named(location.hash.slice(1)));
    if (!target) return;
    for (let node = target; node; node = node.parentElement) {
      node.hidden = false;
      if (node.tagName === "DETAILS") node.open = true;
    }
    target.scrollIntoView();
  };

  // Downloads are made from the page's data.
  const save = (name, type, text) => {
    const link = make("a", [], { href: URL.createObjectURL(new Blob([text], { type })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const guarded = (text) => (/^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text);
  const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const figures = (cell, compared = "") => {
    const { mean, spread, low, high, reason } = parts(cell);
    return [...[mean, spread, low, high].map((value) => (value == null ? "n/a" : `${value}`)), compared, guarded(reason ?? "")];
  };
  const longRows = (league, place, { rows, stamp }) => rows.flatMap((row) => {
    const entrant = league.entrants[row[field.entrant]];
    const head = [league.title, league.group, league.track, ...place, `${league.epochs}`, entrant.id,
      entrant.name, data.statuses[row[field.status]]].map(guarded);
    const [low, high, reason] = [field.rank_low, field.rank_high, field.rank_reason].map((index) => row[index]);
    const rank = [row[field.rank], null, low, high, reason];
    return [[...head, "rank", "", ...figures(rank, stamp)],
      ...league.columns.map((c, index) =>
        [...head, c.name, c.unit, ...figures(row[field.cells][index], c.relational ? stamp : "")])];
  });
  const csv = () => [data.long, ...data.leagues.flatMap((league) => [
    ...league.views.filter((view) => Array.isArray(view.rows)).flatMap((view) => longRows(league, [
      `${view.settings.length} settings`, view.dataset ?? "all", view.regime ?? "all", view.patch ?? "all",
    ], view)),
    ...league.blocks.flatMap((b) => longRows(league, [b.name, b.dataset, b.regime, b.patch], b)),
  ])].map((line) => `${line.map(quoted).join(",")}\n`).join("");
  const files = {
    csv: () => save("leaderboard.csv", "text/csv", csv()),
    json: () => save("leaderboard.json", "application/json", JSON.stringify(data)),
    bib: () => save("nnactive.bib", "text/plain", data.bibliography),
  };
  const saveFigure = (figure) => {
    const svg = (figure.querySelector(".static svg") ?? figure.querySelector(".chart svg")).cloneNode(true);
    svg.setAttribute("color", "#1f2328");
    save(`${figure.id}.svg`, "image/svg+xml", new XMLSerializer().serializeToString(svg));
  };

  // Charts are drawn when they come into view.
  const rounded = (value) => Math.round(value * 1e4) / 1e4;
  const series = (league, row) => looks[league.key][row[field.entrant]][0];
  // No method's name contains a no-break space, so none is mistaken for an edge.
  const EDGES = ["mean\u00a0wins", "mean\u00a0losses"];
  const edges = (league, { wins, losses }) => league.relations.entrants.flatMap((index, place) => {
    const [method] = looks[league.key][index];
    return [
      { method, against: EDGES[0], share: rounded(100 * wins[place]) },
      { method: EDGES[1], against: method, share: rounded(100 * losses[place]) },
    ];
  });
  const values = {
    curves: (block) => block.rows.flatMap((row) => (row[field.curve] ?? []).map(
      ([patches, share, dice, low, high]) => ({ method: series(block.league, row), patches, share, dice, low, high }))),
    fits: (block) => block.rows.flatMap((row) => {
      if (!row[field.fit]) return [];
      const [gamma, , t0, y0, full, points] = row[field.fit];
      const method = series(block.league, row);
      const shares = points.map(([share]) => share);
      const [low, high] = [Math.min(...shares), Math.max(...shares)];
      const steps = Array.from({ length: 31 }, (_, step) => low + ((high - low) * step) / 30);
      const fitted = (t) => full + (y0 - full) * Math.exp(-gamma * (t - t0));
      return [...points.map(([share, dice]) => [share, dice, false]), ...steps.map((t) => [t, fitted(t), true])]
        .map(([share, dice, line]) => ({ method, gamma, line, share: rounded(100 * share), dice: rounded(100 * dice) }));
    }),
    classes: (block) => block.rows.flatMap((row) => (row[field.classes] ?? []).flatMap(([dice, , labelled], index) =>
      [["Dice (%)", dice], ["Labelled fraction (%)", labelled]].map(([panel, value]) =>
        ({ method: series(block.league, row), class: block.classes[index], panel, value })))),
    penalty: (league, part) => league.relations.penalties[part].matrix.flatMap((line, row) =>
      line.flatMap((share, column) => (row === column ? [] : [{
        method: looks[league.key][league.relations.entrants[row]][0],
        against: looks[league.key][league.relations.entrants[column]][0],
        share: rounded(100 * share),
      }]))).concat(edges(league, league.relations.penalties[part])),
    ranks: (league, part) => league.blocks.flatMap((block) =>
      (league.relations.ranks[part][block.key] ?? []).flatMap((rank, index) => (rank == null ? [] : [{
        method: looks[league.key][league.relations.entrants[index]][0], setting: block.name, rank,
      }]))),
  };
  values.patches = values.curves;
  values.foreground = values.curves;
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
    const rows = values[kind](block ?? league, part);
    const names = new Set(rows.map((row) => row.method));
    const ordered = league.relations.entrants.map((index) => looks[league.key][index]);
    const known = (block ? looks[league.key] : ordered).filter(([name]) => names.has(name));
    const [domain, colours, dashes, shapes] = [0, 1, 2, 3].map((index) => known.map((look) => look[index]));
    const spec = structuredClone(charts[kind]);
    const full = block ? parts(block.full_data).mean : null;
    spec.datasets = {
      values: rows,
      full: full == null ? [] : [{ full, label: `full data ${full.toFixed(1)}` }],
    };
    styled(spec, { color: { domain, range: colours }, strokeDash: { domain, range: dashes }, shape: { domain, range: shapes } });
    if (kind === "patches" || kind === "foreground") {
      // Curves and full data span the axis; bands don't widen it.
      const seen = [...rows.map((row) => row.dice), ...(full == null ? [] : [full])];
      const span = [Math.min(...seen), Math.max(...seen)];
      for (const { encoding } of spec.layer) encoding.y.scale.domain = span;
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
    if (spec.facet) spec.spec.width = Math.max(90, (figure.clientWidth - 190) / 2);
    await library("charts");
    await window.vegaEmbed(place, spec, { ast: true, renderer: "svg", actions: false, mode: "vega-lite" });
    figure.classList.add("live");
  };
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      draw(target).catch((error) => console.error(`${target.id}: ${error.message}`));
    }
  }, { rootMargin: "200px" });

  // From here on the script controls the page.
  for (const figure of all("figure[data-kind]")) {
    figure.append(make("button", "SVG", { type: "button", onclick: () => saveFigure(figure), title: "Save this figure" }));
    if (charts[figure.dataset.kind]) watcher.observe(figure);
  }
  for (const setting of all("details.setting")) setting.addEventListener("toggle", () => sortBlock(setting));
  bar.hidden = false;
  bar.addEventListener("input", choose);
  bar.addEventListener("submit", (event) => event.preventDefault());
  bar.addEventListener("reset", () => { write(new URLSearchParams()); setTimeout(apply); });
  bar.addEventListener("click", ({ target }) => {
    if (target.dataset.save) files[target.dataset.save]();
    if (target.dataset.open !== undefined) {
      const open = folds.some((fold) => !fold.open);
      for (const fold of folds) fold.open = open;
      target.textContent = open ? "Close all" : "Open all";
    }
  });
  addEventListener("hashchange", () => { if (location.hash.includes("=") || !location.hash) apply(); reveal(); });
  apply();
  reveal();
  document.documentElement.dataset.ready = "";
})();
