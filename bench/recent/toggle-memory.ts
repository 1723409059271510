import { RequestTracker } from '../../src/recent/history/request-tracker.ts';

// Loaded before the service, whose memory of predictions SIGUSR2 then turns off and on again.
let isOn = true;
process.on('SIGUSR2', () => {
  isOn = !isOn;
});
const { start } = RequestTracker.prototype;
RequestTracker.prototype.start = function startIfOn(method, path, traceId, spanId, now) {
  return isOn ? start.call(this, method, path, traceId, spanId, now) : undefined;
};
