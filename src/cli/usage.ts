export const usage = {
  updaterctl: `updaterctl: the operators' command line of zetherion-updater.

Usage: updaterctl <command> [options]

Commands:
  doctor     look at the whole installation and say what to mend

Options:
  -h, --help     this text; updaterctl <command> --help tells a command's own
  --version      the version of this program
`,
  doctor: `updaterctl doctor: looks at the whole installation and says what to mend.

Usage: updaterctl doctor [--json] [--read-only] [--url <address>]

It asks the updater, which also has Traefik take the routes anew, the same colors in them. When the updater does not
answer it looks for itself, as far as can be seen from where it runs.

Options:
  --json         for scripts
  --read-only    write nothing: without the new routes
  --url <address>  where the updater is asked; default: UPDATER_HOST and UPDATER_PORT, as the updater itself reads them
  -h, --help     this text

The secret is read from the updater's own settings (UPDATER_SECRET, UPDATER_SECRET_PATH), never from an argument.

Exit codes: 0 nothing is wrong (there may be warnings), 1 something is wrong, 2 the command line was not understood,
3 the updater is there and would not tell, and nothing that can be seen without it is wrong.
`,
} as const
