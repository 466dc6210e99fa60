// What a page that grows too large leaves to files beside it (page/apart.py): a method, a setting, a
// view or a ranking's penalty matrices, by key. A page that has everything has no `beside`.
const beside = JSON.parse(find("beside")?.textContent ?? "null");
const takers = new Map();
window.nnactiveTake = (name, packed) => takers.get(name)?.(packed);
const pieces = {};
const broughtIn = (name) => new Promise((done, fail) => {
  takers.set(name, done);
  const script = make("script", [], { src: `${encodeURIComponent(beside.folder)}/${name}.js` });
  script.onload = script.onerror = () => {
    script.remove();
    fail(); // What arrived was taken before; then this changes nothing.
  };
  document.head.append(script);
});
const pieceOf = (key) => (pieces[key] ??= broughtIn(beside.files[key]).then(unpacked).then(JSON.parse).catch(() => {
  delete pieces[key];
  throw new Error(`${beside.folder}/ is missing or belongs to another build of this page: keep both together.`);
}));

// A ranking by another metric has the rows of the usual one, in another order.
const usualViews = new Map(data.leagues.flatMap(({ views }) => views.filter(({ by }) => by).map((view) => [view,
  views.find((one) => !one.by && `${one.settings}` === `${view.settings}` && `${one.classes}` === `${view.classes}`)])));
const filledRows = new WeakMap();
const SHARED = ["cells", "seeds", "notes"].map((name) => field[name]);
const rowsBy = (view, usual) => {
  if (!filledRows.has(view)) {
    const known = new Map(usual.map((row) => [row[field.entrant], row]));
    filledRows.set(view, view.rows.map((own) => {
      const row = [...own];
      for (const place of SHARED) row[place] = known.get(own[field.entrant])[place];
      return row;
    }));
  }
  return filledRows.get(view);
};
const rowsOf = (source) => {
  if (typeof source.rows === "string") return blocks.get(source.rows).rows;
  const usual = usualViews.get(source);
  return source.rows && usual ? rowsBy(source, rowsOf(usual)) : source.rows;
};
const hasRows = (source) => (!usualViews.has(source) || hasRows(usualViews.get(source)))
  && (typeof source.rows === "string" ? blocks.get(source.rows).rows : source.rows) != null;
const viewKeys = new Map(data.leagues.flatMap(({ key, views }) => views.map((view, n) => [view, `${key}-view-${n}`])));
// The rows of a view or a setting; afterwards they are where they would be in a page that has all.
const bringRows = async (source) => {
  if (hasRows(source)) return;
  if (usualViews.has(source)) await bringRows(usualViews.get(source));
  if (source.rows != null && typeof source.rows !== "string") return;
  const key = typeof source.rows === "string" ? source.rows : viewKeys.get(source) ?? source.key;
  const { rows } = await pieceOf(key);
  const block = blocks.get(key);
  if (!block) {
    source.rows = rows;
    return;
  }
  block.rows = rows;
  block.league.blocks.find((one) => one.key === key).rows = rows;
};
const bringPenalties = async ({ key, relations }) => {
  relations.penalties ??= (await pieceOf(`${key}-penalties`)).penalties;
};
const bringAll = () => Promise.all(data.leagues.flatMap((league) => [
  bringPenalties(league), ...[...league.views, ...league.blocks].map(bringRows),
]));

// What only a method's card or a comparison needs: one object a setting.
const allDetails = once(async () => JSON.parse(await content("details")));
const detailOf = async (key) => (beside ? (await pieceOf(key)).details : (await allDetails())[key] ?? []);
// A method's row in a setting, of which a large page need not have the others.
const rowIn = async (block, { key }) => (hasRows(block) || !beside
  ? block.rows.find((row) => block.league.entrants[row[field.entrant]].key === key)
  : (await pieceOf(key)).rows[block.key]);

const trouble = (place, error) => place.replaceChildren(make("p", error.message, { className: "notice" }));
// A fold whose content is in a file gets it when it is opened; `ready` is told once it is there.
const complete = async (fold, ready) => {
  const place = fold.querySelector("[data-beside]");
  if (!place) return;
  try {
    const { html } = await pieceOf(fold.id);
    if (blocks.has(fold.id)) await bringRows(blocks.get(fold.id));
    if (!place.isConnected) return;
    // The builder escaped all texts, and no policy lets markup run a script.
    place.replaceWith(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    ready(fold);
  } catch (error) {
    trouble(place, error);
  }
};
