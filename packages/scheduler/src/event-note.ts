/** Longer notes are refused by the API server. */
const NOTE_LENGTH_MAX = 1024;
const CUT = ' ...';

export function truncateNote(note: string): string {
  return note.length <= NOTE_LENGTH_MAX ? note : note.slice(0, NOTE_LENGTH_MAX - CUT.length) + CUT;
}
