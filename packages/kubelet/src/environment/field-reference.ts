import type { Pod } from '@kts/api/types/core-v1';

/** What of the node a pod may ask for. */
export interface FieldContext {
  readonly pod: Pod;
  readonly podIPs: readonly string[];
  readonly hostIPs: readonly string[];
}

/** A field that the downward API does not offer; `message` goes into an event. */
export class FieldReferenceError extends Error {
  override readonly name = 'FieldReferenceError';
}

/**
 * The value of a pod's field, such as `metadata.labels['app']`.
 *
 * Mirrors: pkg/kubelet/kubelet_pods.go podFieldSelectorRuntimeValue, pkg/fieldpath (v1.36)
 */
export function fieldValue(path: string, context: FieldContext): string {
  const { pod, podIPs, hostIPs } = context;
  switch (path) {
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.hostIP':
    case 'spec.host':
      return hostIPs[0] ?? '';
    case 'status.hostIPs':
      return hostIPs.join(',');
    case 'status.podIP':
      return podIPs[0] ?? '';
    case 'status.podIPs':
      return podIPs.join(',');
    default:
      return metadataValue(path, pod);
  }
}

/** Fields of the metadata only: all that volumes offer. */
export function metadataValue(path: string, pod: Pod): string {
  const { metadata } = pod;
  const subscript = /^(metadata\.(?:annotations|labels))\['(.*)'\]$/.exec(path);
  if (subscript) {
    const map = subscript[1] === 'metadata.labels' ? metadata.labels : metadata.annotations;
    return map?.[subscript[2]!] ?? '';
  }
  switch (path) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace;
    case 'metadata.uid':
      return metadata.uid;
    case 'metadata.labels':
      return formatMap(metadata.labels);
    case 'metadata.annotations':
      return formatMap(metadata.annotations);
    default:
      throw new FieldReferenceError(`unsupported fieldPath: ${path}`);
  }
}

/** One `key="value"` a line, sorted by key, quoted as Go does. */
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return Object.keys(map ?? {})
    .toSorted()
    .map((key) => `${key}=${goQuote(map![key]!)}`)
    .join('\n');
}

const GO_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
};

/** `strconv.Quote`: printable text stays, the rest is escaped. */
export function goQuote(text: string): string {
  let quoted = '';
  for (const character of text) {
    const escape = GO_ESCAPES[character];
    if (escape) quoted += escape;
    else if (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) quoted += character;
    else quoted += hexEscape(character.codePointAt(0)!);
  }
  return `"${quoted}"`;
}

function hexEscape(code: number): string {
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}
