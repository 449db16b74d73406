"""`callboard verify`: check an exported run. It needs no home, no database and no network."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.bootstrap import is_signature
from callboard.cli.export import text_of
from callboard.cli.process import DONE, FAILED, guarded
from callboard.cli.streams import give, give_json, say
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.proof.checkpoint import parse_checkpoint
from callboard.domain.proof.note import FormatInvalid, VerifierKey, parse_note, verifier_key
from callboard.engine.proof.checking import Verified, check_export
from callboard.engine.proof.lines import NotAnExport, WrongLine
from callboard.engine.proof.log import Trust

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The exported run.")],
    *,
    key: Annotated[
        str | None,
        typer.Option(help="The deployment's verifier key (default: the one in the file)."),
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="A checkpoint of the deployment that you kept.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check that nothing in an exported run was altered, and exit 1 with the first line that is wrong."""

    def body() -> int:
        kept = None if checkpoint is None else _kept(checkpoint)
        trust = Trust(is_signature, None if key is None else _key(key), kept)
        try:
            with file.open("rb") as source:
                found = check_export(source, trust)
        except OSError as error:
            raise ConfigurationInvalid(f"{file}: {error.strerror}") from None
        except NotAnExport as error:
            raise ConfigurationInvalid(f"{file}: {error}") from None
        except WrongLine as wrong:
            _give_wrong(file, wrong, as_json=json_output)
            return FAILED
        _give_found(file, found, as_json=json_output)
        return DONE if found.unproven is None else FAILED

    guarded(body)


def _key(text: str) -> VerifierKey:
    try:
        return verifier_key(text.strip())
    except FormatInvalid as error:
        raise ConfigurationInvalid(f"--key: {error}") from None


def _kept(place: Path) -> str:
    text = text_of(place, "--checkpoint")
    try:
        parse_checkpoint(parse_note(text).text)
    except FormatInvalid as error:
        raise ConfigurationInvalid(f"--checkpoint {place}: {error}") from None
    return text


def _give_wrong(file: Path, wrong: WrongLine, *, as_json: bool) -> None:
    if as_json:
        place = {"line": wrong.line, "offset": wrong.offset, "byte": wrong.byte}
        give_json({"file": str(file), "ok": False, **place, "problem": wrong.what})
    else:
        give(f"{file}: {wrong}")


def _give_found(file: Path, found: Verified, *, as_json: bool) -> None:
    if as_json:
        give_json(_found_json(file, found))
        return
    if found.unproven is not None:
        give(f"{file}: {found.unproven}")
        return
    give(
        f"{file}: run {found.run_id} ({found.status}), {found.events} events in {found.runs} logs verify"
    )
    give(f"head {found.head_hash}")
    give(f"log {found.log.checkpoint.origin}, {found.log.checkpoint.size} entries")
    for why in found.absent:
        say(f"Not in the file: {why}")
    if not found.is_key_given:
        say(f"Signed by the key in the file: {found.log.key}")
        say("Ask the deployment for its key by another way, and give it with --key.")


def _found_json(file: Path, found: Verified) -> dict[str, object]:
    return {
        "file": str(file),
        "ok": found.unproven is None,
        "problem": found.unproven,
        "run_id": found.run_id,
        "status": found.status,
        "runs": found.runs,
        "events": found.events,
        "blobs": found.blobs,
        "objects": found.objects,
        "head": found.head_hash,
        "log": {"origin": found.log.checkpoint.origin, "size": found.log.checkpoint.size},
        "key": str(found.log.key),
        "key_given": found.is_key_given,
        "absent": list(found.absent),
    }
