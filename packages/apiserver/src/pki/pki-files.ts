import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where keys and certificates are kept. Names are relative, with slashes. */
export interface PkiFiles {
  read(name: string): string | undefined;
  /** Replaces the file as a whole; a `secret` one can be read by its owner only. */
  write(name: string, text: string, secret: boolean): void;
}

export function diskFiles(directory: string): PkiFiles {
  return {
    read(name) {
      try {
        return readFileSync(join(directory, name), 'utf8');
      } catch (error) {
        if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    write(name, text, secret) {
      const path = join(directory, name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      const mode = secret ? 0o600 : 0o644;
      writeFileSync(`${path}.new`, text, { mode });
      chmodSync(`${path}.new`, mode);
      renameSync(`${path}.new`, path);
    },
  };
}

/** For servers that leave nothing behind. */
export function memoryFiles(): PkiFiles {
  const files = new Map<string, string>();
  return {
    read: (name) => files.get(name),
    write: (name, text) => void files.set(name, text),
  };
}
