"""`photochrom models`."""

import json

from photochrom.inference import weights


def test_the_table_names_every_model(call):
    lines = call("models").stdout.splitlines()
    assert lines[0].split() == ["NAME", "PARAMETERS", "SIZE", "DETAIL"]
    assert [line.split()[0] for line in lines[1:]] == [card.name for card in weights.list_models()]
    assert "(default)" in call("models").stdout


def test_json_has_the_card_without_its_long_tables(call):
    cards = [json.loads(line) for line in call("models", "--json").stdout.splitlines()]
    assert [card["name"] for card in cards if card["default"]] == [weights.DEFAULT_MODEL]
    for card in cards:
        assert not {"bins", "prior"} & set(card)
        assert card["bytes"] > 0


def test_no_models(call, monkeypatch):
    monkeypatch.setattr(weights, "list_models", list)
    done = call("models")
    assert (done.exit_code, done.stdout) == (1, "")
