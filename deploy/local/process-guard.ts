import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * A shell that reads what we start and end, and outlives us by a moment. When its input closes it ends what is left and
 * removes the run's folders: so even a SIGKILL of ours leaves no process behind. Postgres stops at once on SIGQUIT.
 */
const script = `
trap '' INT TERM HUP
live=' ' folders=''
while read -r word what; do
  case "$word" in
    started) live="$live$what " ;;
    ended) case "$live" in *" $what "*) live="\${live%% $what *} \${live#* $what }" ;; esac ;;
    folder) folders="$folders$what
" ;;
    keep) folders='' ;;
  esac
done
left=''
for pid in $live; do kill -0 "$pid" 2>/dev/null && left="$left $pid"; done
for pid in $left; do kill -s QUIT "$pid" 2>/dev/null; done
[ -z "$left" ] || sleep 1
for pid in $left; do kill -s KILL -- "-$pid" 2>/dev/null; done
printf '%s' "$folders" | while IFS= read -r folder; do rm -rf -- "$folder"; done
`;

let input: Socket | null = null;

/** Tells the guard of a process; the answer tells it that the process has ended. */
export function watchedByGuard(pid: number | undefined): () => void {
  if (pid === undefined) return () => undefined;
  tell(`started ${pid}`);
  return () => tell(`ended ${pid}`);
}

/** A folder to be removed when we end. */
export function guardFolder(folder: string): void {
  tell(`folder ${folder}`);
}

/** No folder is to be removed: it has been done, or they are to stay. */
export function unguardFolders(): void {
  tell('keep');
}

function tell(line: string): void {
  input ??= startGuard();
  input.write(`${line}\n`);
}

function startGuard(): Socket {
  const guard = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.unref();
  const stdin = guard.stdin as Socket;
  stdin.unref();
  // A guard that was ended by hand is no reason to fail: the exit handler still ends what we started.
  stdin.on('error', () => undefined);
  guard.on('error', () => undefined);
  return stdin;
}
