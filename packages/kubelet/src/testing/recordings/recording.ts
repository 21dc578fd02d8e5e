import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { NodeStatus, Pod, PodStatus } from '@kts/api/types/core-v1';
import type { KubeObject } from '@kts/apimachinery';
import type { RuntimeScript } from '@kts/host-cri/testing';
import type { NetworkScript } from '../scripted-network.ts';

/** What a real kubelet did with a pod, while a fake runtime played a script. */
export interface Recording {
  readonly id: string;
  readonly given: {
    readonly pod: Pod;
    readonly static?: boolean;
    readonly objects: readonly KubeObject[];
    readonly host?: Readonly<Record<string, { readonly dir?: boolean; readonly content?: string }>>;
    readonly script: RuntimeScript & NetworkScript;
    readonly steps: readonly Step[];
  };
  readonly calls: readonly RecordedCall[];
  readonly settled: readonly Settled[];
  readonly events: readonly RecordedEvent[];
  /** The pod's folder, at some steps. */
  readonly files?: readonly RecordedFiles[];
  /** By part: both recordings agree exactly. */
  readonly stable: Readonly<Record<Part | `${Part}Unordered`, boolean | undefined>>;
  /** By part: what both recordings have in common, as indices. */
  readonly both?: Partial<Readonly<Record<Part, readonly number[]>>>;
}

export const PARTS = ['calls', 'settled', 'events', 'files'] as const;
export type Part = (typeof PARTS)[number];

export interface RecordedCall {
  readonly step?: number;
  readonly method: string;
  readonly request: unknown;
  readonly error?: unknown;
}
export interface Settled {
  readonly step: number;
  readonly status: PodStatus;
}
export interface RecordedEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly fieldPath?: string;
}

export interface RecordedFiles {
  readonly step: number;
  readonly tree: Readonly<Record<string, TreeEntry>>;
}

/** One file or folder. */
export interface TreeEntry {
  readonly mode?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly mount?: object;
  readonly content?: string;
  readonly link?: string;
}

export interface WaitStep {
  readonly phase?: string;
  readonly reason?: string;
  readonly waiting?: string;
  readonly running?: string;
  readonly terminated?: string;
  readonly event?: string;
  readonly calls?: string;
  readonly ready?: boolean;
  readonly deleted?: boolean;
  readonly restarts?: Readonly<Record<string, number>>;
}
export interface Step {
  readonly wait?: WaitStep;
  readonly ms?: number;
  readonly quiet?: number;
  readonly sleep?: number;
  readonly files?: boolean;
  readonly patch?: {
    readonly subresource?: string;
    readonly path?: string;
    readonly type?: string;
    readonly body: object;
  };
  readonly create?: KubeObject;
  readonly remove?: string;
  readonly delete?: true | object;
  readonly exit?: { readonly container: string; readonly exitCode?: number };
  readonly killSandbox?: boolean;
  readonly removeManifest?: boolean;
}

/** The node that the recordings were made on. */
export interface RecordedNode extends NodeStatus {
  readonly labels: Readonly<Record<string, string>>;
}

/** The directory of the recordings beside the checkout; `undefined` if it is not there. */
export function recordingsDirectory(): string | undefined {
  const path = join(import.meta.dirname, '../../../../../../shared/oracle-cri');
  return existsSync(path) ? path : undefined;
}

export function readRecordings(directory: string): readonly Recording[] {
  const text = gunzipSync(readFileSync(join(directory, 'kubelet.ndjson.gz'))).toString();
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recording);
}

export function readRecordedNode(directory: string): RecordedNode {
  return JSON.parse(readFileSync(join(directory, 'node.json'), 'utf8')) as RecordedNode;
}
