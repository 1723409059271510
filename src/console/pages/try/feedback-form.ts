import { useSignal } from '@preact/signals';
import { type ComponentChildren, h } from 'preact';
import type { FeedbackAnswer, PredictAnswer } from '../../state/answers.ts';
import { type ApiError, request } from '../../state/api.ts';
import { hrefOf } from '../../state/location.ts';
import { toApiError } from '../../state/resource.ts';
import { words } from '../../view/format.ts';
import { LabelName, Problem } from '../../view/parts.ts';

interface FeedbackProps {
  readonly answer: PredictAnswer;
  readonly text: string;
}

/** Says whether a prediction was right. The answer counts in the confusion matrix, unless it is only a report. */
export function FeedbackForm({ answer, text }: FeedbackProps): ComponentChildren {
  const others = Object.keys(answer.scores).filter((label) => label !== answer.prediction);
  const chosen = useSignal(others[0] ?? '');
  const isReport = useSignal(false);
  const isTextKept = useSignal(false);
  const outcome = useSignal<FeedbackAnswer | undefined>(undefined);
  const error = useSignal<ApiError | undefined>(undefined);
  const send = async (label: string) => {
    error.value = undefined;
    const source = isReport.value ? 'report' : answer.review === true ? 'review' : 'truth';
    const body = { id: answer.id, label, source, ...(isTextKept.value && { text }) };
    try {
      outcome.value = await request<FeedbackAnswer>('feedback', { method: 'POST', body });
    } catch (fault) {
      error.value = toApiError(fault);
    }
  };
  if (outcome.value) {
    const { label, correct } = outcome.value;
    const { name, version } = answer.model;
    return h(
      'p',
      { class: 'thanks', role: 'status' },
      correct ? 'Recorded as right: ' : 'Recorded as wrong, it is ',
      h(LabelName, { label }),
      '. ',
      h('a', { href: hrefOf('quality', { model: `${name}@${version}` }) }, 'See the confusion matrix'),
    );
  }
  return h(
    'div',
    { class: 'feedback' },
    h(
      'div',
      { class: 'toolbar' },
      h('button', { type: 'button', onClick: () => void send(answer.prediction) }, 'Right'),
      h(
        'button',
        { type: 'button', onClick: () => void send(chosen.value) },
        `Wrong, it is ${others.length === 1 ? chosen.value : '…'}`,
      ),
      others.length < 2
        ? null
        : h(
            'label',
            { class: 'field' },
            h('span', null, 'True label'),
            h(
              'select',
              {
                value: chosen.value,
                onChange: (event: Event) => {
                  chosen.value = (event.currentTarget as HTMLSelectElement).value;
                },
              },
              others.map((label) => h('option', { key: label, value: label }, words(label))),
            ),
          ),
    ),
    h(
      'div',
      { class: 'toolbar' },
      h(Check, { title: 'Only a report, not counted as truth', state: isReport }),
      h(Check, { title: 'Keep the text for retraining', state: isTextKept }),
    ),
    error.value ? h(Problem, { error: error.value }) : null,
  );
}

function Check({ title, state }: { readonly title: string; readonly state: { value: boolean } }): ComponentChildren {
  return h(
    'label',
    { class: 'check' },
    h('input', {
      type: 'checkbox',
      checked: state.value,
      onChange: (event: Event) => {
        state.value = (event.currentTarget as HTMLInputElement).checked;
      },
    }),
    title,
  );
}
