import { describe, expect, test } from 'vitest';
import { describeFilter, filtersOf, negated, parametersOf, parseFilter } from '../../src/console/state/filters.ts';
import { changed, hrefOf, parsePlace, withFixedTimes } from '../../src/console/state/location.ts';

describe('the address', () => {
  test('has the page and its parameters', () => {
    const place = parsePlace('#/live?prediction=%21spam&requestSeconds=0.01..&prediction=ham');
    expect(place.page).toBe('live');
    expect(place.query.getAll('prediction')).toEqual(['!spam', 'ham']);
  });

  test.each(['', '#', '#/', '#/nothing?a=1', '#live/..'])('%j is the first page', (fragment) => {
    expect(parsePlace(fragment).page).toBe('try');
  });

  test('of a page is relative, and comes back as it was', () => {
    const href = hrefOf('compare', { model: 'a b', version: ['1', '!2'], until: undefined });
    expect(href).toBe('#/compare?model=a+b&version=1&version=%212');
    expect([...parsePlace(href).query]).toEqual([
      ['model', 'a b'],
      ['version', '1'],
      ['version', '!2'],
    ]);
  });

  test('of a runbook has a time before now, which stays', () => {
    const now = Date.parse('2026-11-26T12:00:00Z');
    const fixed = withFixedTimes(parsePlace('#/compare?since=-90m&kept=error'), now);
    expect(fixed).toBe('#/compare?kept=error&since=2026-11-26T10%3A30%3A00.000Z');
    expect(withFixedTimes(parsePlace(fixed!), now)).toBeUndefined();
  });

  test('of an alert has the window before the time of the alert, whenever the link is opened', () => {
    const later = Date.parse('2026-11-27T12:00:00Z');
    const fixed = withFixedTimes(parsePlace('#/compare?since=-1h&kept=error&until=1795694400'), later);
    const { query } = parsePlace(fixed!);
    expect([query.get('since'), query.get('until')]).toEqual(['2026-11-26T11:00:00.000Z', '2026-11-26T12:00:00.000Z']);
    expect(withFixedTimes(parsePlace(fixed!), later)).toBeUndefined();
  });

  test('changes only the parameters that are named', () => {
    const query = new URLSearchParams('a=1&b=2&b=3');
    expect(changed(query, { b: undefined, c: '4' }).toString()).toBe('a=1&c=4');
    expect(query.toString()).toBe('a=1&b=2&b=3');
  });
});

describe('a filter', () => {
  test.each([
    ['version = 2', 'version', '2'],
    ['version != 2', 'version', '!2'],
    ['prediction:spam', 'prediction', 'spam'],
    ['true label = ham', 'label', 'ham'],
    ['ms > 10', 'requestSeconds', '0.01..'],
    ['requestSeconds >= 10 ms', 'requestSeconds', '0.01..'],
    ['latency < 2 s', 'requestSeconds', '..2'],
    ['event-loop delay > 500us', 'eventLoopDelaySeconds', '0.0005..'],
    ['confidence < 0.6', 'confidence', '..0.6'],
    ['characters > 500', 'characters', '500..'],
    ['route = POST /predict', 'route', 'POST /predict'],
    ['0AF7651916cd43dd8448eb211c80319c', 'traceId', '0af7651916cd43dd8448eb211c80319c'],
    ['AbuS_ZmcSJwWmhP0bQueRdyls9FoBEtK', 'id', 'AbuS_ZmcSJwWmhP0bQueRdyls9FoBEtK'],
  ])('%j', (typed, field, value) => {
    expect(parseFilter(typed)).toEqual({ field, value });
  });

  test.each(['', 'spam', 'colour = red', 'version > 2', 'confidence < much'])(
    '%j gets a sentence about what is allowed',
    (typed) => {
      const parsed = parseFilter(typed);
      expect('fault' in parsed && parsed.fault).toMatch(/^[A-Z"].*\.$/);
    },
  );

  test('is only what the service knows, and keeps its order', () => {
    const filters = filtersOf(new URLSearchParams('version=2&zoom=1&version=%213&model=spam'));
    expect(filters).toEqual([
      { field: 'version', value: '2' },
      { field: 'version', value: '!3' },
      { field: 'model', value: 'spam' },
    ]);
    expect(parametersOf(filters)).toEqual({ version: ['2', '!3'], model: ['spam'] });
  });

  test.each([
    ['version', '!2', 'version is not 2'],
    ['requestSeconds', '0.01..', 'request time from 10 ms'],
    ['requestSeconds', '..0.0123456', 'request time up to 12.35 ms'],
    ['confidence', '0.5..0.6', 'confidence 0.5 to 0.6'],
    ['characters', '!64..127', 'characters not 64 to 127'],
    ['since', '2026-11-26T12:00:00.123Z', 'since 2026-11-26 12:00:00'],
  ])('%s=%s in words', (field, value, words) => {
    expect(describeFilter({ field, value })).toBe(words);
    expect(negated(negated({ field, value }))).toEqual({ field, value });
  });
});
