import { type ComponentChildren, h } from 'preact';
import type { Change } from '../../../recent/prediction-row.ts';
import { formatTime } from '../../view/format.ts';
import { DataTable, Panel } from '../../view/parts.ts';

const KINDS: Readonly<Record<Change['kind'], string>> = {
  role: 'version',
  retrain: 'retraining',
  worker: 'worker',
  start: 'start',
  traffic: 'traffic',
};

/** Shows the changes within the window of the selection. Only these may be called a likely cause. */
export function Changes({ changes }: { readonly changes: readonly Change[] }): ComponentChildren {
  return h(
    Panel,
    { title: 'What changed', note: 'versions, retrainings, workers and traffic within this time: likely causes' },
    changes.length === 0
      ? h(
          'p',
          { class: 'note' },
          'Nothing changed within this time that the service knows of. What differs below goes along with the selection; it need not be its cause.',
        )
      : h(DataTable, {
          caption: 'What changed',
          head: ['#time', 'kind', 'change'],
          rows: changes.map(({ time, kind, detail }) => [formatTime(time), KINDS[kind], detail]),
        }),
  );
}
