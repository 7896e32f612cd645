"""What the OpenAPI document says is what the server does, whatever is sent."""

from schema_cases import application, run_cases


def test_no_generated_request_makes_a_server_error(tmp_path):
    answers = run_cases(*application(tmp_path), each=25)
    assert sum(answers.values()) >= 25 * 6
    assert any(status < 300 for _, _, status in answers)


def test_every_way_in_is_described_with_its_refusals_and_an_example(tmp_path):
    app, _ = application(tmp_path)
    document = app.openapi()
    # The bank's way in answers as SNAP has it, not with problem documents.
    ways = {p: o["post"] for p, o in document["paths"].items() if "post" in o and p.startswith("/api/v1/")}
    assert {p.rsplit("/", 1)[1] for p in ways} == {"frames", "segments", "batch", "violations"}
    for operation in ways.values():
        problem = operation["responses"]["422"]["content"]["application/problem+json"]["schema"]
        assert problem == {"$ref": "#/components/schemas/Problem"}
        assert {"401", "403", "413", "429"} <= operation["responses"].keys()
    assert document["components"]["schemas"]["Problem"]["properties"]["detail"]["examples"]
