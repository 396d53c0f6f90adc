"""Files as records: what can be read is read in bounded memory, what cannot is refused with what to do."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from resolvers.imports.columns import COLUMNS, Renamed, read_renamed
from resolvers.imports.source import Format, ImportSource, SourceRecord
from resolvers.imports.text_lines import MOST_BYTES
from resolvers.inputs.report import FieldFault, FileFault, ImportFileError

HEADER = "given_name,family_name,email,street,postal_code,city,country"
ROW = "Amélie,Fontaine,amelie@example.com,rue du Marché 1,1003,Lausanne,CH"
SECRET = "Zwingli-Secret"


@pytest.fixture
def records(tmp_path: Path) -> Callable[..., list[SourceRecord]]:
    """Write the bytes and read the records."""

    def read(content: str | bytes, format_: Format = "csv", renamed: Renamed | None = None) -> list[SourceRecord]:
        path = tmp_path / f"customers.{format_}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(ImportSource(path, format_, renamed).records())

    return read


Read = Callable[..., list[SourceRecord]]


def refused(read: Read, content: str | bytes, format_: Format = "csv") -> ImportFileError:
    with pytest.raises(ImportFileError) as caught:
        read(content, format_)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


def test_rows_are_counted_from_one_and_lines_are_physical(records: Read) -> None:
    quoted = ROW.replace("rue du Marché 1", '"rue du Marché 1\nrez"')
    found = records(f"{HEADER}\n{quoted}\n\n{ROW}\n")
    assert [(each.row, each.line) for each in found] == [(1, 2), (2, 5)]
    assert found[0].fields["street"] == "rue du Marché 1\nrez"
    assert found[1].fields["given_name"] == "Amélie"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_header_says_what_separates(records: Read, delimiter: str) -> None:
    found = records(f"{HEADER}\r\n{ROW}\r\n".replace(",", delimiter))
    assert found[0].fields["country"] == "CH"


def test_a_byte_order_mark_is_no_part_of_the_first_name(records: Read) -> None:
    assert records(f"\ufeff{HEADER}\n{ROW}\n")[0].fields["given_name"] == "Amélie"
    assert records('\ufeff{"email": "a@example.com"}\n', "ndjson")[0].fields == {"email": "a@example.com"}


def test_headers_may_be_written_as_people_write_them(records: Read) -> None:
    assert records(f"{HEADER.replace('given_name', ' Given Name ')}\n{ROW}\n")[0].fields["given_name"] == "Amélie"


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_another_encoding_is_refused_with_its_line(records: Read, encoding: str) -> None:
    error = refused(records, f"{HEADER}\n{ROW}{SECRET}\n".encode(encoding))
    assert error.fault is FileFault.WRONG_ENCODING
    assert error.line == 2
    assert "UTF-8" in str(error)


def test_missing_columns_are_named(records: Read) -> None:
    error = refused(records, f"given_name,family_name,street,city,country\n{SECRET}\n")
    assert (error.fault, error.columns) == (FileFault.MISSING_COLUMNS, ("email",))
    assert "email" in str(error)


def test_a_file_without_header_does_not_show_its_first_customer(records: Read) -> None:
    """D1: the first line is somebody's data then."""
    error = refused(records, f"{ROW},{SECRET}\n{ROW},{SECRET}\n")
    assert error.fault is FileFault.MISSING_COLUMNS
    assert "Fontaine" not in str(error)


def test_unknown_columns_are_told_by_position(records: Read) -> None:
    """R1: what has no use is not kept."""
    error = refused(records, f"{HEADER},{SECRET},phone,shoe_size\n")
    assert (error.fault, error.columns) == (FileFault.UNKNOWN_COLUMNS, (8, 10))


def test_a_column_may_not_come_twice(records: Read) -> None:
    error = refused(records, f"{HEADER},phone,Email,phone\n")
    assert (error.fault, error.columns) == (FileFault.DUPLICATE_COLUMNS, ("email", "phone"))


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("format_", ["csv", "ndjson"])
def test_an_empty_file_is_refused(records: Read, content: bytes, format_: Format) -> None:
    assert refused(records, content, format_).fault is FileFault.EMPTY


def test_a_header_alone_is_a_file_without_rows(records: Read) -> None:
    assert records(f"{HEADER}\n") == []


@pytest.mark.parametrize("format_", ["csv", "ndjson"])
def test_ten_megabytes_in_one_field_are_refused_in_little_memory(tmp_path: Path, format_: Format) -> None:
    path = tmp_path / "large"
    big = "x" * 10_000_000
    text = f"{HEADER}\n{ROW}\n{ROW.replace('Lausanne', big)}\n"
    path.write_text(text if format_ == "csv" else f'{{"email": "a@example.com"}}\n\n{{"city": "{big}"}}\n')
    source = ImportSource(path, format_)
    tracemalloc.start()
    try:
        with pytest.raises(ImportFileError) as caught:
            list(source.records())
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert (caught.value.fault, caught.value.line) == (FileFault.TOO_LONG, 3)


def test_a_quotation_mark_left_open_does_not_swallow_the_file(records: Read) -> None:
    opened = ROW.replace("Lausanne", '"Lausanne')
    error = refused(records, f"{HEADER}\n{opened}\n" + f"{ROW}\n" * 5_000)
    assert error.fault is FileFault.TOO_LONG
    assert refused(records, f"{HEADER}\n{opened}\n").fault is FileFault.BROKEN_QUOTING


def test_a_stray_quotation_mark_is_refused_with_its_line(records: Read) -> None:
    error = refused(records, f'{HEADER}\n{ROW}\n{ROW}\n"{SECRET}"x,{ROW}\n')
    assert (error.fault, error.line) == (FileFault.BROKEN_QUOTING, 4)


def test_cells_must_match_the_header(records: Read) -> None:
    found = records(f"{HEADER}\n{ROW},more\n{ROW.rpartition(',')[0]}\n{ROW}\n")
    assert [each.fault for each in found] == [FieldFault.WRONG_WIDTH, FieldFault.WRONG_WIDTH, None]


@pytest.mark.parametrize(
    "line",
    ["nonsense", "[]", "1", "null", '"text"', '{"a": 1,}', '{"a": 1, "a": 2}', '{"a": NaN}', "[" * 50_000,
     '{"a": ' * 10_000, '{"a": 1} {"b": 2}', "9" * 5_000],
)  # fmt: skip
def test_a_line_that_is_no_object_is_a_bad_row_and_no_end(records: Read, line: str) -> None:
    found = records(f'{line}\n{{"email": "a@example.com"}}\n', "ndjson")
    assert [(each.row, each.fault) for each in found] == [(1, FieldFault.NOT_JSON), (2, None)]


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(ImportFileError) as caught:
            ImportSource(path, "csv")
        assert caught.value.fault is FileFault.NOT_A_FILE


def test_a_second_pass_tells_by_its_digest_that_the_file_changed(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(f"{HEADER}\n{ROW}\n")
    first, second, third = (ImportSource(path, "csv") for _ in range(3))
    assert list(first.records()) != []
    assert first.bytes_done == first.bytes_total == path.stat().st_size
    assert list(second.records()) != []
    path.write_text(f"{HEADER}\n{ROW.replace('1003', '1004')}\n")
    assert list(third.records()) != []
    assert first.digest == second.digest != third.digest


def test_the_longest_record_is_less_than_what_the_csv_module_takes() -> None:
    assert MOST_BYTES < 131_072
    assert len(set(COLUMNS)) == len(COLUMNS)


FILES = {
    "CR": f"{HEADER}\r{ROW}\r",
    "CR, no end": f"{HEADER}\r{ROW}",
    "CRLF": f"{HEADER}\r\n{ROW}\r\n",
    "CR CR LF": f"{HEADER}\r\r\n{ROW}\r\r\n",
    "sep": f"sep=;\r\n{HEADER}\r\n{ROW}\r\n".replace(",", ";"),
    "sep in quotes, after a mark": f'\ufeff"SEP=\t"\n{HEADER}\n{ROW}\n'.replace(",", "\t"),
    "closing delimiters": f"{HEADER},\n{ROW},\n",
    "closing delimiters, of the rows only": f"{HEADER}\n{ROW},,\n",
    "blank lines in front": f"\n \r\n;;;;\n{HEADER}\n{ROW}\n",
    "two byte order marks": f"\ufeff\ufeff{HEADER}\n{ROW}\n",
    "a byte order mark and blank lines": f"\ufeff\r\n{HEADER}\r\n{ROW}\r\n",
    "Ctrl-Z": f"{HEADER}\r\n{ROW}\r\n\x1a",
    "Ctrl-Z after the last cell": f"{HEADER}\n{ROW}\x1a\0\0",
    "UTF-16 with a mark": f"{HEADER}\n{ROW}\n".encode("utf-16"),
    "UTF-16BE with a mark": b"\xfe\xff" + f"{HEADER}\n{ROW}\n".encode("utf-16-be"),
    "UTF-16 without": f"{HEADER}\r\n{ROW}\r\n".encode("utf-16-le"),
    "UTF-16BE without": f"{HEADER}\r\n{ROW}\r\n".encode("utf-16-be"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_files_as_programs_write_them(records: Read, name: str) -> None:
    """H12, H13."""
    (found,) = records(FILES[name])
    assert found.fault is None
    assert dict(found.fields) == dict(zip(HEADER.split(","), ROW.split(","), strict=True))


@pytest.mark.parametrize("name", [each for each in FILES if "delimiter" not in each and "sep" not in each])
def test_lines_of_json_as_programs_write_them(records: Read, name: str) -> None:
    content = FILES[name]
    encoding = None if isinstance(content, str) else "utf-16" if "with" in name and "out" not in name else "utf-16-le"
    text = content if isinstance(content, str) else content.decode("utf-16-be" if "BE" in name else encoding or "utf-8")
    text = text.replace(HEADER, '{"email": "ä@example.com"}').replace(ROW, '{"city": "Genève"}').replace(";", "")
    written = text if isinstance(content, str) else text.encode("utf-16-be" if "BE" in name else "utf-16-le")
    assert [dict(each.fields) for each in records(written, "ndjson")] == [
        {"email": "ä@example.com"}, {"city": "Genève"},
    ]  # fmt: skip


@pytest.mark.parametrize("ends", ["\n", "\r", "\r\n"])
def test_lines_that_lie_across_chunks_are_whole(records: Read, ends: str) -> None:
    rows = [ROW.replace("Amélie", f"Amélie{'é' * (at % 97)}") for at in range(3_000)]
    found = records(ends.join((HEADER, *rows)))
    assert [each.fields["given_name"] for each in found] == [each.split(",")[0] for each in rows]
    assert [each.line for each in found] == list(range(2, 3_002))


@pytest.mark.parametrize(
    ("start", "fault"),
    [
        (b"PK\x03\x04", FileFault.SPREADSHEET),
        (b"\xd0\xcf\x11\xe0", FileFault.SPREADSHEET),
        (b"\x1f\x8b", FileFault.COMPRESSED),
    ],
)
@pytest.mark.parametrize("format_", ["csv", "ndjson"])
def test_workbooks_and_archives_are_refused_with_what_to_do(
    records: Read, start: bytes, fault: FileFault, format_: Format
) -> None:
    error = refused(records, start + bytes(200), format_)
    assert error.fault is fault and ("CSV" in str(error) or "unpack" in str(error))


def test_columns_of_another_system_are_renamed(records: Read, tmp_path: Path) -> None:
    names = tmp_path / "panel.toml"
    names.write_text('"Last Name" = "family_name"\nZIP = "postal_code"\n"fax" = ""\n')
    renamed = read_renamed(names)
    header = HEADER.replace("family_name", "last name").replace("postal_code", "Zip")
    (found,) = records(f"{header},Fax\n{ROW},{SECRET}\n", "csv", renamed)
    assert (found.fields["family_name"], found.fields["postal_code"]) == ("Fontaine", "1003")
    assert SECRET not in found.fields.values()
    assert found.columns is not None and found.columns["country"] == 7
    (line,) = records(f'{{"Last Name": "Fontaine", "Fax": "{SECRET}"}}\n', "ndjson", renamed)
    assert line.fields == {"family_name": "Fontaine"}


@pytest.mark.parametrize("content", ['a = "shoe_size"', "a = 1", "nonsense", '"x" = ["city"]'])
def test_a_file_of_column_names_that_cannot_be_used(tmp_path: Path, content: str) -> None:
    names = tmp_path / "panel.toml"
    names.write_text(content)
    with pytest.raises(ImportFileError) as caught:
        read_renamed(names)
    assert caught.value.fault is FileFault.NOT_A_MAPPING
