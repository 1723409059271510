import type { ModelVersion } from '../models/store.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import { LABEL } from '../telemetry/names.ts';
import { type DriftMonitor, referenceDocumentsOf } from './drift-monitor.ts';

/**
 * Observes the drift metrics. The counts and the training reference by bin allow drift over any window and all
 * replicas. The drift gauges cover the last hour of this service on this machine.
 */
export function observeDrift(monitor: DriftMonitor, instruments: Instruments): void {
  const modelLabels = ({ name, version }: ModelVersion) => ({ [LABEL.model]: name, [LABEL.version]: version });
  instruments.featureObservations.addCallback((result) => {
    for (const { model, feature, bin, count } of monitor.totals()) {
      result.observe(count, { ...modelLabels(model), [LABEL.feature]: feature, [LABEL.bin]: bin });
    }
  });
  instruments.featureReference.addCallback((result) => {
    for (const { model, feature, bin, reference } of monitor.totals()) {
      result.observe(reference, { ...modelLabels(model), [LABEL.feature]: feature, [LABEL.bin]: bin });
    }
  });
  const observeFeatures = (figure: 'psi' | 'js') => {
    const instrument = figure === 'psi' ? instruments.driftPsi : instruments.driftJs;
    instrument.addCallback((result) => {
      for (const model of monitor.watched()) {
        for (const { feature, samples, [figure]: value } of monitor.report(model).features) {
          if (samples > 0) result.observe(value, { ...modelLabels(model), [LABEL.feature]: feature });
        }
      }
    });
  };
  observeFeatures('psi');
  observeFeatures('js');
  instruments.trainingDocuments.addCallback((result) => {
    for (const model of monitor.watched()) result.observe(model.manifest.training.documents, modelLabels(model));
  });
  instruments.referenceDocuments.addCallback((result) => {
    for (const model of monitor.watched()) result.observe(referenceDocumentsOf(model), modelLabels(model));
  });
  instruments.trainingTestDocuments.addCallback((result) => {
    for (const model of monitor.watched()) result.observe(model.manifest.evaluation.count, modelLabels(model));
  });
  instruments.trainingAccuracy.addCallback((result) => {
    for (const model of monitor.watched()) result.observe(model.manifest.evaluation.accuracy, modelLabels(model));
  });
  instruments.trainingF1.addCallback((result) => {
    for (const model of monitor.watched()) result.observe(model.manifest.evaluation.macro.f1, modelLabels(model));
  });
}
