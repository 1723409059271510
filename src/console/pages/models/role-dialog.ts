import { useSignal } from '@preact/signals';
import { type ComponentChildren, h } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type ApiError, request } from '../../state/api.ts';
import { toApiError } from '../../state/resource.ts';
import { Problem } from '../../view/parts.ts';

/** A change that somebody wants to make. A version of null ends a canary or a shadow. */
export type Action =
  | { readonly kind: 'activate'; readonly version: string }
  | { readonly kind: 'canary' | 'shadow'; readonly version: string | null }
  | { readonly kind: 'rollback' | 'retrain' };

const DEFAULT_SHARE = 0.1;

interface DialogProps {
  readonly model: string;
  readonly action: Action;
  readonly onClose: () => void;
}

/** Asks for the reason of a change, which the audit trail keeps, and makes the change. */
export function RoleDialog({ model, action, onClose }: DialogProps): ComponentChildren {
  const dialog = useRef<HTMLDialogElement>(null);
  const error = useSignal<ApiError | undefined>(undefined);
  const isBusy = useSignal(false);
  const hasShare = action.kind === 'canary' && action.version !== null;
  useEffect(() => dialog.current?.showModal(), []);
  const apply = async (form: HTMLFormElement) => {
    const data = new FormData(form);
    isBusy.value = true;
    error.value = undefined;
    try {
      await request(`models/${encodeURIComponent(model)}/${action.kind}`, {
        method: 'POST',
        body: {
          ...('version' in action && { version: action.version }),
          ...(hasShare && { share: Number(data.get('share')) / 100 }),
          ...(data.get('reason') !== '' && { reason: String(data.get('reason')) }),
        },
      });
      dialog.current?.close();
    } catch (fault) {
      error.value = toApiError(fault);
    } finally {
      isBusy.value = false;
    }
  };
  const { title, effect } = describe(action, model);
  return h(
    'dialog',
    { ref: dialog, 'aria-labelledby': 'dialog-title', onClose },
    h(
      'form',
      {
        class: 'stack',
        onSubmit: (event: Event) => {
          event.preventDefault();
          void apply(event.currentTarget as HTMLFormElement);
        },
      },
      h('h2', { id: 'dialog-title' }, title),
      h('p', null, effect),
      hasShare
        ? h(
            'label',
            { class: 'field' },
            h('span', null, 'Share of the requests, in %'),
            h('input', {
              name: 'share',
              type: 'number',
              min: 0,
              max: 100,
              step: 'any',
              defaultValue: String(DEFAULT_SHARE * 100),
              required: true,
            }),
          )
        : null,
      h(
        'label',
        { class: 'field' },
        h('span', null, 'Reason, for the audit trail'),
        h('input', { name: 'reason', autocomplete: 'off', maxLength: 500, autofocus: true }),
      ),
      error.value ? h(Problem, { error: error.value }) : null,
      h(
        'div',
        { class: 'toolbar end' },
        h('button', { type: 'button', onClick: () => dialog.current?.close() }, 'Cancel'),
        h('button', { type: 'submit', class: 'primary', disabled: isBusy.value }, title),
      ),
    ),
  );
}

function describe(action: Action, model: string): { readonly title: string; readonly effect: string } {
  switch (action.kind) {
    case 'activate':
      return {
        title: `Activate version ${action.version}`,
        effect: `It answers all requests for ${model} at once. Roll back undoes it.`,
      };
    case 'canary':
      return action.version === null
        ? { title: 'End the canary', effect: 'The active version answers all requests again.' }
        : {
            title: `Start canary ${action.version}`,
            effect: 'It answers a share of the requests. The same key gets the same version.',
          };
    case 'shadow':
      return action.version === null
        ? { title: 'End the shadow', effect: 'The version no longer scores beside the active one.' }
        : {
            title: `Start shadow ${action.version}`,
            effect: 'It scores the same texts as the active version and answers no request.',
          };
    case 'rollback':
      return { title: 'Roll back', effect: `The latest formerly active version of ${model} answers again.` };
    case 'retrain':
      return {
        title: 'Retrain',
        effect: 'A new version is trained from the original data and the feedback with text. It becomes the shadow.',
      };
  }
}
