/** How `/docs` looks, by day and by night. */
export const docsStyle = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1c2330, #e4e8ef);
  --quiet: light-dark(#5b6678, #98a3b5);
  --paper: light-dark(#ffffff, #14181f);
  --panel: light-dark(#f5f7fa, #1c222c);
  --line: light-dark(#dfe4ec, #2d3644);
  --accent: light-dark(#1456b8, #7fb2ff);
  --get: light-dark(#1456b8, #7fb2ff);
  --post: light-dark(#1a7a42, #6fd394);
  --put: light-dark(#8a5a00, #e6b455);
  --delete: light-dark(#b3261e, #ff9b93);
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0; display: grid; grid-template-columns: 17rem minmax(0, 1fr);
  font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper);
}
nav {
  position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1rem;
  background: var(--panel); border-right: 1px solid var(--line); font-size: .875rem;
}
nav h2 { margin: 1.2rem 0 .3rem; font-size: .75rem; text-transform: uppercase; letter-spacing: .06em; color: var(--quiet); }
nav a { display: block; padding: .15rem 0; color: inherit; text-decoration: none; }
nav a:hover, nav a:focus-visible { color: var(--accent); text-decoration: underline; }
main { max-width: 56rem; padding: 2rem 2.5rem 6rem; }
h1 { margin-top: 0; }
main > h2 { margin-top: 3rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
article { margin: 1.5rem 0; padding: 1rem 1.25rem; background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; }
article h3 { margin: 0; font-size: 1.05rem; font-weight: 600; }
article h4 { margin: 1rem 0 .25rem; font-size: .8rem; text-transform: uppercase; letter-spacing: .05em; color: var(--quiet); }
.address { margin: .35rem 0; overflow-wrap: anywhere; }
.method { display: inline-block; min-width: 4rem; font: 700 .8rem/1 ui-monospace, monospace; }
.get { color: var(--get); } .post { color: var(--post); } .put, .patch { color: var(--put); } .delete { color: var(--delete); }
code { font: .9em ui-monospace, monospace; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
td { padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td:first-child { width: 12rem; } td:nth-child(2) { width: 12rem; color: var(--quiet); }
a { color: var(--accent); }
.quiet { color: var(--quiet); }
body.single { display: block; }
body.single main { margin: 0 auto; }
article:target { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 50rem) {
  body { display: block; } nav { position: static; height: auto; max-height: 45vh; border-right: 0; border-bottom: 1px solid var(--line); }
  main { padding: 1.5rem 1rem 4rem; } td:first-child, td:nth-child(2) { width: auto; }
}
`
