import type { KubeObject } from '@kts/apimachinery';

/** What the scheduler tells about pods, as events of the API. */
export interface SchedulerEvents {
  event(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** Longer notes are refused by the API server. */
const NOTE_LENGTH_MAX = 1024;
const CUT = ' ...';

export function truncateNote(note: string): string {
  return note.length <= NOTE_LENGTH_MAX ? note : note.slice(0, NOTE_LENGTH_MAX - CUT.length) + CUT;
}
