import type { RecordedCall as RuntimeCall } from '@kts/host-cri/testing';
import { protoJson } from '@kts/host-cri/testing';
import type { RecordedCall } from './recording.ts';

/** Names that stand for what differs from run to run, as the recordings have them. */
export interface Names {
  /** Uids of pods, the pod of the recording first. */
  readonly uids: readonly string[];
  readonly sandboxIds: readonly string[];
  readonly containerIds: readonly string[];
  readonly addresses: readonly string[];
}

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g;
const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g;

/** Replaces what differs from run to run. */
export function normalized<T>(value: T, names: Names): T {
  let text = JSON.stringify(value);
  const replace = (values: readonly string[], name: (index: number) => string): void => {
    values.forEach((one, index) => (text = text.replaceAll(one, name(index))));
  };
  replace(names.uids, (index) => (index === 0 ? '<uid>' : `<uid:${index + 1}>`));
  replace(names.sandboxIds, (index) => `<sandbox:${index + 1}>`);
  replace(names.containerIds, (index) => `<container:${index + 1}>`);
  replace(names.addresses, () => '<pod-ip>');
  text = text
    .replaceAll(TIME, '<time>')
    .replaceAll(TOKEN, '<token>')
    .replaceAll(/ in [^ ]+ \([^ ]+ including waiting\)/g, ' in <duration> (<duration> including waiting)')
    .replaceAll(/(\/containers\/[^/"]+\/)[0-9a-f]{8}"/g, '$1<r>"')
    .replaceAll(/"host_id":\d+/g, '"host_id":"<host-id>"')
    .replaceAll('/ROOT/', '$ROOT/')
    .replaceAll('/LOGS/', '$LOGS/')
    .replaceAll('/RUN/', '$RUN/');
  return JSON.parse(text) as T;
}

/** The runtime's calls in the recordings' form, without the garbage collection after the last action. */
export function recordedCalls(
  calls: readonly (RuntimeCall & { readonly step: number })[],
  lastAction: number,
): readonly RecordedCall[] {
  let sandboxConfig = '';
  const seen = new Set<string>();
  const stopped = new Set<string>();
  const result: RecordedCall[] = [];
  for (const { method, request, error, step } of calls) {
    const isNote = method.startsWith('#');
    const json = isNote
      ? (request as Record<string, unknown>)
      : { ...protoJson(`${method}Request`, request as object) };
    if (method === 'RunPodSandbox') sandboxConfig = JSON.stringify(json['config']);
    if ('sandbox_config' in json && JSON.stringify(json['sandbox_config']) === sandboxConfig) {
      json['sandbox_config'] = '<same>';
    }
    const key = `${method} ${JSON.stringify(json)}`;
    if ((isNote || method === 'ExecSync') && seen.has(key)) continue;
    seen.add(key);
    if (method === 'RemovePodSandbox' || (method === 'RemoveContainer' && step === lastAction && step > 0)) continue;
    if (method === 'StopPodSandbox') {
      if (stopped.has(key)) continue;
      if (!error) stopped.add(key);
    }
    result.push({
      ...(step > 0 ? { step } : {}),
      method,
      request: sortLists(json),
      ...(error ? { error: errorJson(error) } : {}),
    });
  }
  return result;
}

function errorJson({ code, message }: { readonly code: string; readonly message: string }): object {
  return { code: code.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toUpperCase(), message };
}

/** Lists whose order the real kubelet leaves to chance. */
function sortLists(request: Record<string, unknown>): Record<string, unknown> {
  const config = request['config'] as Record<string, unknown> | undefined;
  if (!config) return request;
  const envs = config['envs'] as readonly { readonly key: string }[] | undefined;
  const dns = config['dns_config'] as Record<string, unknown> | undefined;
  const options = dns?.['options'] as readonly string[] | undefined;
  return {
    ...request,
    config: {
      ...config,
      ...(envs ? { envs: envs.toSorted((a, b) => (a.key < b.key ? -1 : 1)) } : {}),
      ...(options ? { dns_config: { ...dns, options: options.toSorted() } } : {}),
    },
  };
}
