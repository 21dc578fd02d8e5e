/** One line of a container's log file: `2026-01-01T00:00:00.000000000Z stdout F text`. */
export interface LogLine {
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** The text with its line feed, unless the line goes on in the next entry. */
  readonly text: string;
}

/**
 * Parses a line without its line feed; `undefined` if it has not the form.
 *
 * Mirrors: staging/src/k8s.io/cri-client/pkg/logs/logs.go (v1.36)
 */
export function parseLogLine(line: string): LogLine | undefined {
  const match = /^(\S+) (stdout|stderr) (\S+) ?(.*)$/s.exec(line);
  if (!match) return undefined;
  const partial = match[3]!.split(':').includes('P');
  return {
    time: match[1]!,
    stream: match[2] as LogLine['stream'],
    text: partial ? match[4]! : `${match[4]!}\n`,
  };
}
