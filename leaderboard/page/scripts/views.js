// Which ranking is shown, and which view of it: the address after # says it, so that links reproduce
// what is seen and Back and Forward stay in the page.
//
// For other parts of the script:
//   onView(name, open)  open({ league, params }) is called whenever the view is shown or its
//                       address changes: ranking, methods, settings, compare, studies, cost, about
//   onRanking(show)     show({ league, view, rows, section }) is called when the table changes
//   go(changes)         changes parameters of the address; "" removes one, a list repeats one
const TITLES = {
  ranking: "Ranking", methods: "Methods", settings: "Settings", compare: "Compare",
  studies: "Studies", cost: "Cost", about: "About",
};
const OF_LEAGUE = ["ranking", "methods", "settings", "cost"];
const panels = all("[data-panel]");
const sections = all("section.league");
const chooser = find("choose");
const tabs = find("tabs");
const openers = [];
const rankingOpeners = [];
const onView = (name, open) => openers.push([name, open]);
const onRanking = (show) => rankingOpeners.push(show);
let now = { params: new URLSearchParams(), ranking: document.body.dataset.default, view: "ranking" };
const named = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
const leagueOfMethod = (key) => data.leagues.find((league) => league.entrants.some((one) => one.key === key));
const where = (fragment) => {
  const params = new URLSearchParams(fragment.includes("=") ? fragment : "");
  const target = fragment.includes("=") || !fragment ? null : find(named(fragment));
  if (target) {
    const league = leagues.get(target.closest(".league")?.id);
    const view = target.closest("[data-panel]")?.dataset.panel ?? "ranking";
    return { params, target, view, ranking: league?.key ?? now.ranking };
  }
  const methods = (params.get("compare") ?? "").split(",");
  const asked = leagues.get(params.get("ranking")) ?? methods.map(leagueOfMethod).find(Boolean);
  const view = params.get("view") ?? (params.has("compare") ? "compare" : "ranking");
  return {
    params, target, view: Object.hasOwn(TITLES, view) ? view : "ranking", ranking: asked?.key ?? document.body.dataset.default,
  };
};
const addressOf = (changes) => {
  const params = new URLSearchParams(now.params);
  params.set("ranking", now.ranking);
  if (now.view !== "ranking") params.set("view", now.view);
  for (const [name, value] of Object.entries(changes)) {
    params.delete(name);
    for (const each of [value].flat()) if (each) params.append(name, each);
  }
  if (params.get("ranking") === document.body.dataset.default) params.delete("ranking");
  if (params.get("view") === "ranking") params.delete("view");
  return [...params].length ? `#${params}` : "";
};
// Browsers take their time to change an address; the reader sees the change before.
let pending = null;
const settle = () => {
  if (pending) history.replaceState(null, "", pending);
  pending = null;
};
const address = () => (pending ? new URL(pending, location.href).hash : location.hash);
const go = (changes, { replace = false } = {}) => {
  const fragment = addressOf(changes);
  const address = fragment || location.href.split("#")[0];
  if (replace) {
    pending = address;
    setTimeout(settle);
  } else {
    settle();
    history.pushState(null, "", address);
  }
  show(fragment.slice(1));
};
const reveal = (target) => {
  for (let node = target; node; node = node.parentElement) {
    if (node.tagName === "DETAILS") node.open = true;
  }
  target.scrollIntoView();
};
const show = (fragment) => {
  const before = now;
  now = where(fragment);
  const league = leagues.get(now.ranking);
  for (const panel of panels) panel.hidden = panel.dataset.panel !== now.view;
  for (const section of sections) section.hidden = section.id !== now.ranking || !OF_LEAGUE.includes(now.view);
  chooser.value = now.ranking;
  tabs.firstChild.replaceChildren(...Object.entries(TITLES).map(([view, title]) => {
    const link = make("a", title, { href: addressOf({ view, compare: view === "compare" ? now.params.get("compare") : "" }) || "#" });
    if (view === now.view) link.ariaCurrent = "page";
    return make("li", link);
  }));
  for (const [view, open] of openers) if (league && view === now.view) open({ league, params: now.params });
  if (now.target) reveal(now.target);
  else if (before.view !== now.view || before.ranking !== now.ranking) scrollTo(0, Math.min(scrollY, tabs.offsetTop));
};
