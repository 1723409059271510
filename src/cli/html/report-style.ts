/** The style sheet of HTML reports, for light and dark screens, narrow screens and paper. */
export const REPORT_STYLE = `
:root{color-scheme:light dark;--page:#f6f8fa;--card:#fff;--text:#1f2328;--faint:#59636e;--rule:#d1d9e0;--good:#1a7f37;--bad:#cf222e;--stopped:#9a6700;--note:#fff8c5}
@media (prefers-color-scheme:dark){:root{--page:#0d1117;--card:#151b23;--text:#e6edf3;--faint:#9198a1;--rule:#3d444d;--good:#3fb950;--bad:#ff7b72;--stopped:#d29922;--note:#2b2611}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,sans-serif}
main{max-width:1040px;margin:0 auto;padding:24px 20px 64px}
header{background:var(--card);border:1px solid var(--rule);border-left:8px solid var(--good);border-radius:8px;padding:16px 24px}
header.failed{border-left-color:var(--bad)}header.stopped,header.measured{border-left-color:var(--stopped)}
header h1{margin:0;font-size:28px}header p{margin:4px 0 0;color:var(--faint);overflow-wrap:anywhere}
header .verdict{margin:0;font-weight:700;letter-spacing:.08em;color:var(--good)}
header.failed .verdict{color:var(--bad)}header.stopped .verdict,header.measured .verdict{color:var(--stopped)}
.tiles{display:flex;flex-wrap:wrap;gap:12px;margin:16px 0}
.tiles div{flex:1 1 120px;background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:10px 16px}
.tiles dt{color:var(--faint);font-size:13px}.tiles dd{margin:0;font-size:22px;font-weight:600;font-variant-numeric:tabular-nums}
section{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:16px 24px;margin:16px 0}
h2{margin:0 0 8px;font-size:18px}
figure{margin:16px 0 0}figure svg{display:block;width:100%}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:6px 12px 6px 0;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
th{color:var(--faint);font-size:13px;font-weight:600}
tbody tr:last-child td{border-bottom:0}
.number{text-align:right;white-space:nowrap}
td a{color:inherit;overflow-wrap:anywhere}
td p{margin:2px 0 0;color:var(--faint)}
.checks td:first-child{white-space:nowrap;font-weight:600}
tr.passed td:first-child{color:var(--good)}tr.failed td:first-child{color:var(--bad)}tr.no-verdict td:first-child{color:var(--stopped)}
.notes{background:var(--note)}.notes ul{margin:0;padding-left:20px}
.faint{color:var(--faint);font-size:13px;margin:8px 0 0}
@media (max-width:600px){
section,header{padding:12px 14px}main{padding:12px 8px}
header h1{font-size:22px}
.tiles{gap:8px}.tiles div{flex-basis:90px;padding:8px 10px}.tiles dd{font-size:18px}
figure{overflow-x:auto}figure svg{min-width:720px}
th,td{padding-right:10px}
.wide .number{font-size:14px}
.wide th:first-child,.wide td:first-child{position:sticky;left:0;background:var(--card)}
td a{display:inline-block;min-width:14em}
}
@media print{body{background:none}section,header,.tiles div{break-inside:avoid}}
`;
