/** The parts of a metric family of an OpenMetrics page that tests need. */
export interface Family {
  readonly type: string;
  help: string;
  /** All label names except `le`. */
  readonly labels: Set<string>;
  readonly series: Set<string>;
}

/** Returns the families of a page by name. Does not check the page: `test/stack` does with a real parser. */
export async function scrape(metricsUrl: string): Promise<Map<string, Family>> {
  const response = await fetch(metricsUrl, { headers: { accept: 'application/openmetrics-text;version=1.0.0' } });
  return parse(await response.text());
}

function parse(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let current: Family | undefined;
  for (const line of text.split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (TYPE|HELP) (\S+) (.*)$/.exec(line) ?? [];
    if (keyword === 'TYPE') {
      current = { type: rest, help: '', labels: new Set(), series: new Set() };
      families.set(name, current);
    } else if (keyword === 'HELP' && current) current.help = rest;
    else if (!line.startsWith('#') && current) addSample(current, line);
  }
  return families;
}

function addSample({ labels, series }: Family, line: string): void {
  const inside = /^[^{\s]+\{(.*?)\} \S+(?: # .*)?$/.exec(line)?.[1] ?? '';
  const pairs = [...inside.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].filter(([, name]) => name !== 'le');
  for (const [, name = ''] of pairs) labels.add(name);
  series.add(pairs.map(([pair]) => pair).join(','));
}
