"""Mapping templates: what do they become, and what is refused by name?"""

from __future__ import annotations

import pytest

from gameday.lab.front_door.mapping_template import Scope, beyond, render

SCOPE = Scope(
    body='{"pet":{"names":["Rex",{"of":"O\'Hara"}]},"say":"a \\"word\\""}',
    parameters={"path": {"id": "7"}, "querystring": {"q": "a b", "id": "of the query"},
                "header": {"X-Who": "ann"}},
    context={"requestId": "r-1", "identity": {"sourceIp": "203.0.113.7"},
             "authorizer": {"principalId": "ann"}},
    stage_variables={"colour": "blue"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{"statusCode": 200}', '{"statusCode": 200}'),
        ("costs $5, colour #fff, #1", "costs $5, colour #fff, #1"),
        ("$input.json('$.pet.names[0]')", '"Rex"'),
        ("$input.json('$')", SCOPE.body),
        ("$input.path(\"$.pet.names[1]['of']\")", "O'Hara"),
        ("$input.path('$.pet').names[0]", "Rex"),
        ("$input.path('$.pet.names')", '["Rex",{"of":"O\'Hara"}]'),
        ("[$input.path('$.none')]", "[]"),
        ("$input.json('$.none')", '""'),
        ("$input.body", SCOPE.body),
        ("$input.params('id') $input.params('q') $input.params('x-who')", "7 a b ann"),
        ("[$input.params('none')]", "[]"),
        ("$context.requestId ${context.identity.sourceIp}", "r-1 203.0.113.7"),
        ("$context.authorizer.principalId. $!context.none", "ann. "),
        ("$stageVariables.colour $stageVariables['colour']", "blue blue"),
        ("$util.escapeJavaScript($input.path('$.say'))", 'a \\"word\\"'),
        ("$util.urlEncode($input.params('q'))", "a+b"),
        ("$util.base64Encode($stageVariables.colour)", "Ymx1ZQ=="),
    ],
)
def test_what_does_a_template_become(template: str, text: str) -> None:
    assert beyond(template) is None
    assert render(template, SCOPE) == text


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("#set($inputRoot = $input.path('$'))", "#set"),
        ("{#if(true)1#end}", "#if"),
        ("#foreach($x in $input.path('$'))$x#end", "#foreach"),
        ("## a comment", "##"),
        ("$input.params()", "$input.params()"),
        ("$input.params().header.get('Origin')", "$input.params()"),
        ("$allParams", "$allParams"),
        ("$input.json('$..name')", "the path $..name"),
        ("$input.path('$.a[*].b')", "the path $.a[*].b"),
        ("$input.path('$.a').size()", "$input.path('$.a')"),
        ("$context.responseOverride.get('x')", "$context.responseOverride.get('x')"),
        ("$util.parseJson($input.body)", "$util.parseJson($input.body)"),
    ],
)
def test_what_is_left_out_by_name(template: str, named: str) -> None:
    assert beyond(template) == named


def test_what_is_no_json_is_the_document_itself() -> None:
    scope = Scope("plain text", {}, {}, {})
    assert render("$input.path('$') $input.json('$')", scope) == 'plain text "plain text"'
