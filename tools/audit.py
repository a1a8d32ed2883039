"""Three looks at what we ship: `secrets` (none in the repository), `packages` (known vulnerabilities), `sbom` (what is in it).

`packages` asks a service; where that cannot be reached the answer is NOT CHECKED in plain words, and no failure: a build
without a network is no worse than before. A found vulnerability is a failure (exit 1).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = re.compile(
    r"(^|/)(package-lock\.json|held_back\.json)$|\.(npz|npy|png|svg|jsonl|tsv|docx|pdf|ico)$|^nlp/models/|^nlp/lexicons/"
)
KNOWN = {
    (
        "tests/security/test_canaries.py",
        "Basic Auth Credentials",
    ): "a canary: the test looks for its word in what commands say",
    ("dashboard/auth.py", "Base64 High Entropy String"): "the alphabet of one-time passwords",
    ("dashboard/second_factor.py", "Base64 High Entropy String"): "the alphabet of recovery codes",
    ("deploy/make-secrets", "Basic Auth Credentials"): "an address that is filled in when it is made",
    ("tests/dashboard/answering_city.py", "Secret Keyword"): "the invented city's password",
    ("tests/end_to_end/conftest.py", "Secret Keyword"): "the test system's password",
    ("tests/security/issuer.py", "Secret Keyword"): "the test provider's client secret",
    ("tests/security/test_canaries.py", "Secret Keyword"): "secrets that are looked for in logs and answers",
    ("tests/security/test_observing.py", "Hex High Entropy String"): "the test's token",
    ("tests/security/test_observing.py", "Basic Auth Credentials"): "an address that the log must clean",
}
"""What looks like a secret and is none: (file, kind) → why."""


def tracked() -> list[str]:
    named = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [
        name for name in named.split("\0") if name and not SKIPPED.search(name) and (ROOT / name).is_file()
    ]


def secrets() -> int:
    """Each tracked text file through detect-secrets; no network."""
    from detect_secrets import SecretsCollection
    from detect_secrets.settings import default_settings

    found = SecretsCollection(root=str(ROOT))
    with default_settings():
        for name in tracked():
            found.scan_file(name)
    new = [(name, one.type, one.line_number) for name, one in found if (name, one.type) not in KNOWN]
    for name, kind, line in sorted(new):
        print(
            f"{name}:{line}: {kind}; take it out, or write in tools/audit.py why it is none", file=sys.stderr
        )
    print(f"secrets: {len(tracked()):,} files, {len(new)} findings")
    return 1 if new else 0


def packages() -> int:
    """The installed packages against the vulnerability service that pip-audit asks."""
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--skip-editable", "--timeout", "10"], cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        said = (done.stderr.strip().splitlines() or ["no answer"])[-1][:200]
        print(f"packages: NOT CHECKED, the vulnerability service did not answer ({said})")
        return 0
    rows = answer["dependencies"]
    bad = [row for row in rows if row.get("vulns")]
    skipped = [row["name"] for row in rows if row.get("skip_reason") and row["name"] != "huiyin"]
    for row in bad:
        for one in row["vulns"]:
            print(
                f"{row['name']} {row['version']}: {one['id']}, mended in {', '.join(one['fix_versions']) or 'no version yet'}",
                file=sys.stderr,
            )
    checked = sum(not row.get("skip_reason") for row in rows)
    if skipped:
        some = ", ".join(sorted(skipped)[:5])
        print(
            f"packages: NOT CHECKED: the vulnerability service had no answer for {len(skipped)} packages ({some} …)"
        )
    print(f"packages: {checked} checked, {len(bad)} with known vulnerabilities")
    return 1 if bad else 0


def sbom() -> int:
    """out/sbom.json in CycloneDX's form: every installed package with version, licence and address."""
    target = ROOT / "out" / "sbom.json"
    target.parent.mkdir(exist_ok=True)
    words = [
        "environment",
        sys.executable,
        "--pyproject",
        str(ROOT / "pyproject.toml"),
        "--output-reproducible",
        "--of",
        "JSON",
        "-o",
        str(target),
    ]
    done = subprocess.run([sys.executable, "-m", "cyclonedx_py", *words], cwd=ROOT, check=False)
    if done.returncode == 0:
        print(
            f"{target.relative_to(ROOT)}: {len(json.loads(target.read_text('utf-8'))['components'])} components"
        )
    return done.returncode


if __name__ == "__main__":
    chosen = {"secrets": secrets, "packages": packages, "sbom": sbom}
    sys.exit(max(chosen[word]() for word in (sys.argv[1:] or ["secrets", "packages"])))
