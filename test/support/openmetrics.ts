/** One metric family of an OpenMetrics page, as far as the tests need it. */
export interface Family {
  readonly type: string;
  help: string;
  /** Every label name that occurs, `le` aside. */
  readonly labels: Set<string>;
  readonly series: Set<string>;
}

/** The families of a page by name. Whether it is valid is for a real parser to say, in `test/stack`. */
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
