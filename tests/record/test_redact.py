"""Keys and passwords do not reach the disk; what only looks like one does."""

from __future__ import annotations

import ast
import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_labbook.record.redact import MARK, is_secret_name, known_secrets, redact, redact_value

SECRET = "hunter2X"

HOLDERS = [
    # Python
    'password = "@"',
    "password='@'",
    'f(user="x", password="@")',
    'self.secret_key="@"',
    'openai.api_key = "@"',
    'cfg["api_key"] = "@"',
    'os.environ["HF_TOKEN"] = "@"',
    'os.environ.setdefault("API_KEY", "@")',
    'os.getenv("API_KEY", "@")',
    'password: str = "@"',
    'def f(password: str | None = "@"): pass',
    'def f(password="@", *, x=1): pass',
    'if password == "@": pass',
    'password = b"@"',
    'password = r"@"',
    'password = "x" "@"',
    'password = "x" + "@"',
    'password = ("a"\n   "@")',
    'password = \\\n  "@"',
    'password = """\n@\nb\n"""',
    'password = f"{user}-@"',
    'password += "@"',
    'password = a if b else "@"',
    'token = os.environ.get("X") or "@"',
    'token = os.environ.get("HF_TOKEN", "@")',
    'password = cfg.get("pw_x", "@")',
    'password = SecretStr("@")',
    'password = Field(default="@")',
    'SecretStr("@")',
    'set_api_key("@")',
    'AzureKeyCredential("@")',
    'user, password = "bob", "@"',
    'requests.get(u, auth=("bob", "@"))',
    'HTTPBasicAuth("bob", "@")',
    'smtp.login("bob", "@")',
    'api_keys = ["@", "b"]',
    'credentials = {"user": "@", "k": load("x")}',
    'p.add_argument("--password", default="@", help="x")',
    'run(["--password", "@"])',
    'print("a"); password="@"  # a comment',
    'headers = {"Authorization": "Bearer @"}',
    'headers = {"Authorization": f"Bearer @"}',
    'db = "Server=x;Password=@;Database=y"',
    'storage = "AccountKey=@;EndpointSuffix=z"',
    'db = "postgres://bob:@@host/db"',
    # shell
    "export TOKEN=@",
    "%env API_KEY=@",
    "%env API_KEY @",
    "%set_env API_KEY @",
    "!export API_KEY='@'",
    "API_KEY=@",
    "!train --token @ --lr 3",
    "!train --token=@",
    "train --password @",
    'curl -H "Authorization: Bearer @" http://x',
    "curl -H 'X-Api-Key: @' http://x",
    "curl -u bob:@ http://x",
    "!mysql -u root -p@ db",
    "!sshpass -p @ ssh host",
    "%%bash\nPASSWORD=@ ./run\n",
    # data
    '{"password": "@"}',
    '{"password":"@"}',
    '{\n  "a": 1,\n  "clientSecret":\n    "@"\n}',
    '"source": "a=1\\npassword = \\"@\\"\\n"',
    "password: @",
    "  wandb_api_key: '@'",
    "machine api.example.com login bob password @",
    "https://bob:@@example.com/x",
    "https://example.com/y?token=@&z=1",
    # patches and notebooks
    '+password = "@"',
    '-  "password": "@",',
    '     "password = \\"@\\"\\n",',
    '     "f(token=\\"@\\")\\n",',
    '+    "password = \\"\\"\\"\\n",\n+    "@\\n",\n+    "\\"\\"\\"\\n",',
]

UNTOUCHED = [
    "max_tokens = 512",
    'sort_key="name"',
    'sorted(x, key=lambda v: v["a1"])',
    'password_field="pw1"',
    "token = tokenizer(x)",
    'token = tokenizer("some text")',
    "token = token1",
    "-token = tokenizer(x)",
    "token = uuid.uuid4().hex",
    "auth_token = b64decode(auth['authorizationToken']).decode()",
    "token = self.code.get_token(1, 0) if col is not None else None",
    'token: "SpanContextToken | None" = None',
    'if token == "lambda": pass',
    'def copy() -> "Token":\n    """Say something."""',
    '"""\nEnter the password: """\nx = 1\n"""more"""',
    'f"""\nToken=\'{token}\'"""\nx = 1\n"""more"""',
    """print(f"TOKEN: '{name or 'consumed'}' at {start}")""",
    'f"token {token:02x}"',
    'headers = {"Authorization": "token " + token}',
    "# the default token type",
    "# see --password options",
    '{"password": {"type": "string", "description": "The password of the user."}}',
    'schema = {"password": {"type": "string", "title": "Password"}}',
    '{"AWS::IAM::AccessKey": "72c2d9dd90025459"}',
    'ACL_CREDENTIALS = "Access-Control-Allow-Credentials"',
    'password = read("DB_PASSWORD")',
    "-    token = tokenizer(x)",
    'api_key = os.environ["KEY"]',
    'api_key = os.getenv("OPENAI_API_KEY")',
    'password = getpass("Password: "), foo("bar")',
    'hashlib.sha256(b"x").hexdigest() == "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
    'commit = "2c26b46b68ffc68ff99b453c1d30413413422d70"',
    'data = {"key": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}',
    'pad_token="<pad>"',
    'mask_token = "[MASK-1234]"',
    'eos_token = "endofsentence"',
    'token = "the"',
    'token = "[MASK]"',
    "f(token=token, password=args.password, secret=self.secret)",
    "password = None",
    "use_auth_token=True",
    "password: str",
    "token: Tensor",
    "secret: str = Field(...)",
    'password = ""',
    'f"Bearer {token}"',
    'headers = {"Authorization": f"Bearer {token}"}',
    '"password": password',
    'd.get("token", None)',
    'getpass("Token: ")',
    'tokens = "a b c d".split()',
    'key = "model.layers.12.attention"',
    "token_ids = [1, 2, 3]",
    'columns={"password": "password"}',
    "token = 50256",
    'for token in tokens: print("x")',
    'tokenizer.add_special_tokens({"pad_token": "[PAD]", "eos_token": "</s>"})',
    "--max-tokens 512",
    '"api_key": os.getenv("X"),',
    "api_key=settings.API_KEY",
    'print("password:", x)',
    'print(f"token={token}")',
    '     "token = tokenizer(x)\\n",',
    '     "f(token=token)\\n",',
    'if token in ("a", "b"): pass',
    'password=get_secret("db/password")',
    "!python t.py --token {tok}",
    "!python t.py --token $TOKEN",
    'curl -H "Authorization: Bearer $TOKEN"',
    'db = f"postgres://{user}:{password}@host/db"',
    'parser.add_argument("--token", "-t", help="the long help")',
    'AutoTokenizer.from_pretrained("bert-base-uncased-whole-word-masking-finetuned")',
    'api_key = "<your api key>"',
    "http://localhost:8888/tree",
    "git@github.com:someone/project.git",
    "# the token: a word",
    "if s.startswith('-----BEGIN RSA PRIVATE KEY-----') and s.endswith('-----END RSA PRIVATE KEY-----'): pass",
]

MIXED = "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5kL7"
HEX = "0123456789abcdef0123456789abcdef"
TOKENS = {
    "AWS": "AKIA" + "IOSFODNN7EXAMPLE",
    "GitHub": "ghp_" + MIXED[:36],
    "GitHub, fine-grained": "github_pat_" + MIXED + "_" + MIXED,
    "GitLab": "glpat-" + MIXED[:20],
    "Hugging Face": "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "OpenAI": "sk-proj-" + MIXED,
    "Anthropic": "sk-ant-api03-" + MIXED + "-" + MIXED,
    "Slack": "xoxb-" + "123456789012-1234567890123-" + MIXED[:24],
    "Google": "AIza" + (MIXED + MIXED)[:35],
    "Stripe": "sk_live_" + MIXED[:24],
    "npm": "npm_" + MIXED[:36],
    "PyPI": "pypi-AgEIcHlwaS5vcmc" + MIXED + MIXED,
    "JWT": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0." + MIXED,
    "SendGrid": "SG." + MIXED[:22] + "." + MIXED,
    "Telegram": "1234567890:AA" + MIXED[:33],
    "Databricks": "dapi" + HEX,
}

NAMES_OF_SECRETS = re.split(
    r"\s+",
    """password PASSWORD db_password DB_PASS passwd pwd passphrase secret client_secret token TOKEN
    HF_TOKEN auth_token api_key apiKey APIKEY OPENAI_API_KEY aws_secret_access_key access_key private_key privateKey
    credentials credential clientSecret accessToken use_auth_token password1 api_key_2 API_KEY_PROD PGPASSWORD
    MYSQL_PWD x-api-key Authorization github_token mycorp_token SECRET_KEY_BASE AccountKey --password""",
)

OTHER_NAMES = re.split(
    r"\s+",
    """max_tokens pad_token eos_token bos_token unk_token sep_token cls_token mask_token image_token
    token_count tokenizer n_tokens num_tokens max_new_tokens sort_key key keys password_field tokens primary_key
    public_key cache_key forward_pass compass bypass token_ids secretary keyword padToken api_key_name
    password_file low_pass secret_name monkey""",
)


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_secret_goes_and_the_text_around_it_stays_readable(holder: str) -> None:
    text = holder.replace("@@", SECRET + "@") if "@@" in holder else holder.replace("@", SECRET)
    redacted = redact(text)
    assert SECRET not in redacted
    assert MARK in redacted
    assert redacted.count("\n") == text.count("\n")
    assert redact(redacted) == redacted
    if _is_python(text):
        ast.parse(redacted)


@pytest.mark.parametrize("text", UNTOUCHED)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_known_token_format_goes_wherever_it_stands(token: str) -> None:
    for text in (
        f"x = '{token}'",
        f"# {token}",
        f"ValueError: bad value {token}",
        f"https://{token}@example.com/x",
    ):
        assert token not in redact(text)
        assert token[-16:] not in redact(text)


@pytest.mark.parametrize("name", NAMES_OF_SECRETS)
def test_a_name_of_a_secret_is_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_a_name_of_something_else_is_known_too(name: str) -> None:
    assert not is_secret_name(name)


def test_a_wandb_key_goes_and_a_commit_beside_it_stays() -> None:
    key, commit = HEX + "01234567", "2c26b46b68ffc68ff99b453c1d30413413422d70"
    text = f'wandb.login(key="{key}")\nwandb.init(config={{"commit": "{commit}"}})'
    assert redact(text) == f'wandb.login(key="{MARK}")\nwandb.init(config={{"commit": "{commit}"}})'


def test_a_private_key_loses_its_body_and_keeps_its_lines() -> None:
    body = "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF0x+4b\n" * 3
    text = f'key = """-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----"""\nx = 1\n'
    redacted = redact(text)
    assert "MIIE" not in redacted
    assert redacted.count("\n") == text.count("\n")
    assert redacted.endswith('-----END RSA PRIVATE KEY-----"""\nx = 1\n')
    in_json = json.dumps({"private_key": "-----BEGIN PRIVATE KEY-----\n" + body + "-----END PRIVATE KEY-----\n"})
    assert "MIIE" not in redact(in_json)
    json.loads(redact(in_json))
    in_patch = "".join(f"+{line}\n" for line in text.splitlines())
    assert "MIIE" not in redact(in_patch)
    assert all(line.startswith("+") for line in redact(in_patch).splitlines())


def test_a_number_is_a_secret_only_where_it_must_be_one() -> None:
    assert json.loads(redact('{"password": 123456}')) == {"password": MARK}
    assert "123456" not in redact("password = 123456")
    assert redact("token = 123456") == "token = 123456"


def test_a_notebook_in_a_patch_stays_a_notebook() -> None:
    source = ["import os\n", 'api_key = "abc123def"\n', "token = tokenizer(x)\n", "login(token=token)\n"]
    notebook = json.dumps({"cells": [{"source": source}]}, indent=1)
    patch = "diff --git a/x.ipynb b/x.ipynb\n@@ -0,0 +1 @@\n" + "".join(f"+{line}\n" for line in notebook.splitlines())
    lines = redact(patch).splitlines()[2:]
    redacted = json.loads("\n".join(line[1:] for line in lines))["cells"][0]["source"]
    assert redacted == [source[0], f'api_key = "{MARK}"\n', *source[2:]]


def test_a_settings_file_in_a_patch_needs_no_quotes() -> None:
    patch = "diff --git a/{0} b/{0}\n@@ -0,0 +1,2 @@\n+user = bob\n+password = correct horse\n"
    assert "correct" not in redact(patch.format("app.ini"))
    assert redact(patch.format("app.ini")).splitlines()[-1] == f"+password = {MARK}"


def test_a_binary_hunk_is_left_alone() -> None:
    patch = "diff --git a/m.bin b/m.bin\nindex 0..1\nGIT binary patch\nliteral 9\nQcmpassword=abc123def456\n\n"
    assert redact(patch) == patch


def test_values_of_secret_environment_variables_go_wherever_they_stand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_SERVICE_TOKEN", "correct-horse-battery")
    monkeypatch.setenv("SHORT_TOKEN", "abc")
    monkeypatch.setenv("OLDPWD", "/home/someone/project")
    monkeypatch.setenv("SOME_SETTING", "staple-of-no-interest")
    assert "correct-horse-battery" in known_secrets()
    assert known_secrets().isdisjoint({"abc", "/home/someone/project", "staple-of-no-interest"})
    assert (
        redact("print('correct-horse-battery', 'staple-of-no-interest')") == f"print('{MARK}', 'staple-of-no-interest')"
    )
    monkeypatch.delenv("SOME_SERVICE_TOKEN")
    assert "correct-horse-battery" not in known_secrets()


def test_a_value_is_redacted_by_its_name_and_by_its_form() -> None:
    assert redact_value("api_key", "abcdef") == MARK
    assert redact_value("max_tokens", 512) == 512
    assert redact_value("password", 123456) == MARK
    assert redact_value("password", None) is None
    assert redact_value("url", "https://bob:pw@host/x") == f"https://bob:{MARK}@host/x"
    assert redact_value("config", {"lr": 0.1, "auth": {"token": "abcdef1"}, "names": ("a", "b")}) == {
        "lr": 0.1,
        "auth": {"token": MARK},
        "names": ("a", "b"),
    }
    assert redact_value("credentials", {"user": "bob", "ids": [1, "x"]}) == {"user": MARK, "ids": [1, MARK]}
    assert redact_value("pad_token", "[PAD]") == "[PAD]"
    assert redact_value("password", b"bytes") == MARK.encode()
    cycle: list[object] = ["https://bob:pw@host"]
    cycle.append(cycle)
    redact_value("x", cycle)


WORDS = st.sampled_from(
    """password token api_key secret = : == := ( ) [ ] { } , ; + - ' " ''' \"\"\" \\ \\" \\\\ # ! % @ :// https:// f"
    rb' --password export Bearer Authorization: -----BEGIN~PRIVATE~KEY----- -----END if in or else get( login( auth=(
    abc hunter2 1234567 {x} $X <a> [redacted] \\n \\n", ? & curl~-u~a:b add_argument( default= str SecretStr( .
    diff~--git~a/x.py~b/x.py @@~-1~+1~@@ GIT~binary~patch %%bash é İ \ud800""".replace("~", "\0").split()
).map(lambda word: word.replace("\0", " "))
TEXT = st.lists(
    st.one_of(WORDS, st.sampled_from([" ", "\n", "\t", "\r\n", "  "]), st.text(max_size=4)), max_size=40
).map("".join)


@given(TEXT)
@settings(max_examples=400, deadline=None)
def test_any_text_is_redacted_without_an_error_in_one_go_and_keeps_its_lines(text: str) -> None:
    redacted = redact(text)
    assert redact(redacted) == redacted
    assert redacted.count("\n") == text.count("\n")


SECRETS = st.text("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789_-+/!%^~.", min_size=9, max_size=40).map(
    lambda text: "Zq7" + text + "8"
)


@given(SECRETS, st.sampled_from([holder for holder in HOLDERS if holder.count('"') + holder.count("'") > 1]))
@settings(max_examples=400, deadline=None)
@example("Zq7a.b.c8", 'password = "@"')
def test_a_planted_secret_never_survives(secret: str, holder: str) -> None:
    if "@@" in holder:
        return
    text = "import numpy\n" + holder.replace("@", secret) + "\nx = 1\n"
    redacted = redact(text)
    assert secret not in redacted
    assert redacted.startswith("import numpy\n")
    assert redacted.endswith("\nx = 1\n")
    if _is_python(text):
        ast.parse(redacted)


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True
