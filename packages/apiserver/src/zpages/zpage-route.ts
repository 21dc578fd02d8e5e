/**
 * Pages about the server itself: text for people, and objects for programs that ask for them by their kind.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/server/{statusz,flagz} (v1.36)
 * Differs: names and values stand always the same way apart.
 */
import { failure, formatYaml } from '@kts/apimachinery';

import { covers, JSON_TYPE, parseAccept, wantsPretty, YAML_TYPE, type AcceptedKind } from '../http/negotiation.ts';
import type { PathRoute } from '../routing/router.ts';

const COMPONENT = 'apiserver';
const GROUP = 'config.k8s.io';
const TEXT_TYPE = 'text/plain';
const TYPES = [JSON_TYPE, YAML_TYPE, TEXT_TYPE] as const;
const OLD_VERSION = 'v1alpha1';
const VERSIONS: readonly string[] = ['v1beta1', OLD_VERSION];
const INDENT = 2;

export interface Zpage {
  readonly kind: 'Statusz' | 'Flagz';
  /** Without type and metadata. */
  object(): object;
  /** What follows the head of the page. */
  text(): string;
}

interface Wanted {
  readonly type: (typeof TYPES)[number];
  /** Absent for text. */
  readonly version?: string;
}

const encoder = new TextEncoder();

/** The page at the path of its kind, in lower case. */
export function zpageRoute(page: Zpage): PathRoute {
  const name = page.kind.toLowerCase();
  return {
    path: `/${name}`,
    handler: (request) => {
      const { headers, query } = request;
      const { type, version } = wantedForm(headers['accept'], page.kind);
      if (version === undefined) return Promise.resolve(answer(`${TEXT_TYPE}; charset=utf-8`, pageText(name, page)));
      if (version === OLD_VERSION) {
        request.warnings.push(`This version of the ${name} endpoint is deprecated. Please use a newer version.`);
      }
      const apiVersion = `${GROUP}/${version}`;
      const object = { kind: page.kind, apiVersion, metadata: { name: COMPONENT }, ...page.object() };
      const indent = wantsPretty(query, headers['user-agent']) ? INDENT : undefined;
      const text = type === YAML_TYPE ? formatYaml(object) : `${JSON.stringify(object, undefined, indent)}\n`;
      return Promise.resolve(answer(`${type};g=${GROUP};v=${version};as=${page.kind}`, text));
    },
  };
}

function answer(contentType: string, text: string) {
  return { kind: 'bytes', status: 200, contentType, body: encoder.encode(text) } as const;
}

function pageText(name: string, page: Zpage): string {
  return `
${COMPONENT} ${name}
Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.
${page.text()}`;
}

/** Objects must be asked for by kind, text cannot be. */
export function wantedForm(accept: string | undefined, kind: Zpage['kind']): Wanted {
  if (!accept?.trim()) return { type: TEXT_TYPE };
  for (const clause of parseAccept(accept)) {
    const { as, g, v, stream, sv } = clause.parameters;
    if (stream || sv) continue;
    const asked = as !== undefined || g !== undefined || v !== undefined;
    for (const type of TYPES) {
      if (!covers(clause.type, type)) continue;
      if (type === TEXT_TYPE) {
        if (!asked) return { type };
      } else if (isKnown({ kind: as ?? '', group: g ?? '', version: v ?? '' }, kind)) return { type, version: v! };
    }
  }
  throw failure('NotAcceptable', `only the following media types are accepted: ${TYPES.join(', ')}`);
}

const isKnown = (asked: AcceptedKind, kind: string): boolean =>
  asked.kind === kind && asked.group === GROUP && VERSIONS.includes(asked.version);
