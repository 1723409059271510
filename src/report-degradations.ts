import { createDegradations, DEGRADABLE_PARTS, type Degradations } from './platform/degradations.ts';
import type { Instruments } from './telemetry/instruments.ts';
import type { Log } from './telemetry/logs/log.ts';
import { ATTRIBUTE, LABEL } from './telemetry/names.ts';

/** The parts that do not work fully, which a metric reports. */
export interface ReportedDegradations {
  readonly degradations: Degradations;
  /** Receives the reason why the feedback store is away, or `undefined` when it is back, and logs it. */
  readonly reportStore: (fault: string | undefined) => void;
}

/** Creates a list without faults, and observes `classifier_degraded`. */
export function reportDegradations({ degraded }: Pick<Instruments, 'degraded'>, log: Log): ReportedDegradations {
  const degradations = createDegradations();
  degraded.addCallback((result) => {
    const faulty = degradations.parts();
    for (const part of DEGRADABLE_PARTS) result.observe(faulty.has(part) ? 1 : 0, { [LABEL.part]: part });
  });
  return {
    degradations,
    reportStore(fault) {
      if (!degradations.report('feedback', 'store', fault)) return;
      if (fault === undefined) log.info('feedback restored', {});
      else log.error('feedback degraded', { [ATTRIBUTE.reason]: fault });
    },
  };
}
