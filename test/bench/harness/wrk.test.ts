import { describe, expect, it } from 'vitest';
import { parseWrk } from '../../../bench/harness/wrk.ts';

const OUTPUT = `Running 4s test @ http://127.0.0.1:18732
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    35.20ms   12.10ms 155.80ms   91.01%
    Req/Sec   464.45     73.51   610.00     67.50%
  Latency Distribution
     50%  820.00us
     75%   35.11ms
     90%   41.02ms
     99%    1.29s 
  1851 requests in 4.00s, 1.11MB read
Requests/sec:    462.41
Transfer/sec:    283.61KB
`;

describe('parseWrk', () => {
  it('reads requests, rate and percentiles in any unit', () => {
    expect(parseWrk(OUTPUT)).toEqual({ requests: 1851, perSecond: 462.41, p50Ms: 0.82, p99Ms: 1290, failed: 0 });
  });

  it('adds up failed answers and requests without an answer', () => {
    const failing = OUTPUT.replace(
      'Requests/sec',
      '  Socket errors: connect 1, read 20, write 300, timeout 4000\n  Non-2xx or 3xx responses: 50000\nRequests/sec',
    );
    expect(parseWrk(failing).failed).toBe(54_321);
  });

  it('throws for an output that it cannot parse', () => {
    expect(() => parseWrk('unable to connect to 127.0.0.1:9 Connection refused')).toThrow(/cannot be parsed/);
  });
});
