"""The command line: the only code that prints.

A command's module is imported when the command runs, so that `--help` needs neither
jinja2 nor cookiecutter.
"""

from importlib import import_module
from typing import Final, NoReturn

import click

from bgsvc_gen import __version__
from bgsvc_gen.errors import BgsvcGenError

COMMANDS: Final = {
    "init": ("init", "Create a small app with one service."),
    "android": ("generate", "Write the Android service, manifest and bridge."),
    "ios": ("generate", "Write the iOS background tasks and Info.plist fragment."),
    "desktop": ("generate", "Write the systemd, launchd and Windows definitions."),
    "all": ("generate", "Write the files of every platform."),
    "check": ("check", "Check that the generated files match the spec."),
    "diff": ("check", "Show what the generating commands would change."),
    "plan": ("plan", "Print the plan for each platform as JSON."),
    "explain": ("explain", "Print what each platform guarantees the services, and why."),
    "types": ("types", "List Android's foreground service types."),
    "schema": ("schema", "Print the JSON Schema of bgsvc.toml for an editor."),
    "doctor": ("doctor", "Check that a built app contains what its services need."),
}
"""Command → its module, and its line in `--help`; in the order of first use."""

INTERRUPTED_EXIT_CODE: Final = 130
"""The exit status after Ctrl-C, as shells have it."""

EPILOG: Final = """
\b
To start:
  bgsvc-gen init notes          a small app with one service
  cd notes
  bgsvc-gen android --type dataSync
  bgsvc-gen all                 everything else
  bgsvc-gen check               for CI: exit status 1 if a file drifted

Exit status: 0 success; 1 drift or findings; 2 an error in the usage, the spec or the file system.
A command checks everything before it writes the first file. The next run completes an
interrupted one.
"""


class Commands(click.Group):
    """The group: finds commands in `COMMANDS`, and prints their errors without a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the table's order."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command called `cmd_name`, importing its module."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"bgsvc_gen.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, f"{cmd_name}_command")
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table, importing none of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; print a `BgsvcGenError` and exit with its status."""
        try:
            return super().invoke(ctx)
        except BgsvcGenError as error:
            self._end(ctx, error)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise  # click handles a closed pipe
            place = f" {error.filename}" if error.filename else ""
            reason = (error.strerror or str(error)).lower()
            hint = "check that the path exists, is writable and has free space"
            self._end(ctx, BgsvcGenError(f"the system refused{place}: {reason}", hint))
        except (KeyboardInterrupt, click.Abort):
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED_EXIT_CODE)

    def _end(self, ctx: click.Context, error: BgsvcGenError) -> NoReturn:
        import_module("bgsvc_gen.cli.report").print_error(error)
        ctx.exit(error.exit_code)


@click.group(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="bgsvc-gen")
def main() -> None:
    """Generate native background services from one Python class and one bgsvc.toml.

    bgsvc-gen writes the native files for Android, iOS, Linux, macOS and Windows to native/bgsvc/.
    Commit them, and run `bgsvc-gen check` in CI.
    """
