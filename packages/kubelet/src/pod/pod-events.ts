import type { ObjectReference } from '@kts/api/types/core-v1';

/** Where the kubelet's events go. */
export interface PodEvents {
  record(about: ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void;
}
