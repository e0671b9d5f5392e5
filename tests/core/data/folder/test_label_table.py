"""What a table of labels means: its columns, its files, its words; and what a person is told to check."""

import unicodedata
from pathlib import Path

import pytest

from core.base.errors import UserError
from core.data.folder.label_table import read_tables
from core.data.folder.listing import list_folder
from core.data.folder.walk import File, Folder
from tests.core.data.conftest import fill
from tests.core.data.folder.test_layouts import flat, labels, listed, table

FOUR = ("0.png", "1.png", "2.png", "3.png")
READ = {"0.png": "a", "1.png": "a", "2.png": "b", "3.png": "b"}


def rows(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def test_a_running_number_is_no_file_where_a_column_names_files(tmp_path: Path) -> None:
    text = rows("id,filename,label", "0,3.png,b", "1,2.png,b", "2,1.png,a", "3,0.png,a")
    scan = listed(table(flat(tmp_path, *FOUR), text))
    assert labels(scan) == READ
    by_columns = "by its columns “filename” and “label”"
    assert scan.recognised == f"The table “labels.csv” gives the class of each image, {by_columns}."


def test_a_running_number_is_no_file_even_where_the_named_files_are_gone(tmp_path: Path) -> None:
    text = rows("id,filename,label", "0,x3.png,b", "1,x2.png,b", "2,x1.png,a", "3,x0.png,a")
    with pytest.raises(UserError) as told:
        list_folder(table(flat(tmp_path, *FOUR), text))
    assert told.value.hint == "“labels.csv” gives labels, but none of its files is in this folder, such as “x3.png”."


@pytest.mark.parametrize(
    "head",
    [
        "image_id,labels", "id,breed", "isic_id,dx", "Datei,Klasse", "img_path,label", "FileName,LABEL", "img,y",
        "name,type", "#file,label_name", "sep=,\nfile,label", "# by Ann, in May\nfile,label", "image,type,label",
    ],
)  # fmt: skip
def test_columns_of_many_names(tmp_path: Path, head: str) -> None:
    between = "x," if head.count(",") == 2 and "\n" not in head else ""
    body = [f"{index}.png,{between}{'a' if index < 2 else 'b'}" for index in range(4)]
    assert labels(listed(table(flat(tmp_path, *FOUR), rows(head, *body)))) == READ


@pytest.mark.parametrize("head", ["file,class,label", "file,target,diagnosis"])
def test_of_two_label_columns_the_strongest_name_is_taken_and_told(tmp_path: Path, head: str) -> None:
    text = rows(head, "0.png,x,a", "1.png,y,a", "2.png,x,b", "3.png,y,b")
    scan = listed(table(flat(tmp_path, *FOUR), text))
    assert labels(scan) == READ
    assert scan.recognised.endswith(f"by its columns “file” and “{head.rpartition(',')[2]}”.")


def test_a_file_in_another_folder_is_not_taken_for_one_of_the_same_name(tmp_path: Path) -> None:
    text = rows("file,label", "site1/0.png,a", "site1/1.png,b", "site2/0.png,b", "site2/1.png,a")
    scan = listed(table(flat(tmp_path, "site1/0.png", "site1/1.png"), text))
    assert labels(scan) == {"site1/0.png": "a", "site1/1.png": "b"}
    assert (scan.missing, scan.unreadable) == (("site2/0.png", "site2/1.png"), ())


@pytest.mark.parametrize("front", ["/home/ann/pictures/", "C:\\Users\\ann\\", "", "./", "images/"])
def test_a_table_may_be_written_for_a_folder_further_up(tmp_path: Path, front: str) -> None:
    text = rows("file,label", f"{front}s1/0.png,a", f"{front}s1/1.png,b", f"{front}s2/0.png,b")
    scan = listed(table(flat(tmp_path, "s1/0.png", "s1/1.png", "s2/0.png"), text))
    assert labels(scan) == {"s1/0.png": "a", "s1/1.png": "b", "s2/0.png": "b"}


def test_a_table_of_many_images_of_equal_names_is_read(tmp_path: Path) -> None:
    many = [f"all/s{folder}/{number}.png" for folder in range(3000) for number in range(2)]
    (tmp_path / "t.csv").write_text(rows("file,label", *(f"x/{name.removeprefix('all/')},a" for name in many[::2])))
    images = Folder(("all",), tuple(File(tuple(name.split("/"))) for name in many))
    read_tables(tmp_path, [Folder((), (), ("t.csv",)), images])
    (tmp_path / "t.csv").write_text(rows("file,label", *(f"{name.removeprefix('all/')},a" for name in many)))
    (found,) = read_tables(tmp_path, [Folder((), (), ("t.csv",)), images]).usable
    assert found.n_labelled == len(many)


def test_rows_for_the_folder_beside_this_one_are_missing(tmp_path: Path) -> None:
    text = rows("file,label", "train/0.png,a", "train/1.png,b", "test/0.png,b", "test/1.png,a")
    scan = listed(table(flat(tmp_path / "train", "0.png", "1.png"), text))
    assert labels(scan) == {"0.png": "a", "1.png": "b"}
    assert scan.missing == ("test/0.png", "test/1.png")


def test_names_that_differ_only_in_capitals_are_two_files(tmp_path: Path) -> None:
    scan = listed(table(flat(tmp_path, "A.png", "a.png"), rows("file,label", "A.png,x", "a.png,y")))
    assert labels(scan) == {"A.png": "x", "a.png": "y"}


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (("0.png,b,train,p", "0.png,b,train,p"), "the table gives it two labels, “a” and “b”"),
        (("0.png,b,train,p", "0.png,c,train,p"), "the table gives it 3 labels, “a”, “b” and “c”"),
        (("0.png,a,test,p", "0.png,a,train,p"), "the table puts it into two parts, train and test"),
        (("0.png,a,train,q",), "the table puts it into two groups, “p” and “q”"),
        (("0.png,,,",), ""),
    ],
)
def test_rows_that_contradict_each_other(tmp_path: Path, more: tuple[str, ...], problem: str) -> None:
    text = rows("file,label,split,patient", "0.png,a,train,p", "1.png,a,test,q", "2.png,b,train,r", *more)
    images = {image.path: image for image in listed(table(flat(tmp_path, *FOUR), text)).images}
    assert images["0.png"].problem == problem
    assert not images["1.png"].problem


@pytest.mark.parametrize(
    ("word", "part"),
    [("Hold-out", "test"), ("evaluation", "test"), ("dev", "val"), ("TEST ", "test"), ("validation set", "val")],
)
def test_usual_words_for_parts(tmp_path: Path, word: str, part: str) -> None:
    text = rows("file,label,split", "0.png,a,train", f"1.png,a,{word}", "2.png,b,Training", "3.png,b,")
    scan = listed(table(flat(tmp_path, *FOUR), text))
    assert [image.part for image in scan.images] == ["train", part, "train", None]
    assert scan.doubts == ()


def test_beside_a_test_part_evaluation_means_validation(tmp_path: Path) -> None:
    text = rows("file,label,split", "0.png,a,train", "1.png,a,eval", "2.png,b,test", "3.png,b,test")
    assert [i.part for i in listed(table(flat(tmp_path, *FOUR), text)).images] == ["train", "val", "test", "test"]


def test_a_word_that_names_no_part_is_told(tmp_path: Path) -> None:
    text = rows("file,label,set", "0.png,a,train", "1.png,a,1", "2.png,b,test", "3.png,b,1")
    (doubt,) = listed(table(flat(tmp_path, *FOUR), text)).doubts
    assert doubt == (
        "“labels.csv” says “1” in its column “set”, which names no part: "
        "write train, val or test, or else Graft deals those images itself."
    )


@pytest.mark.parametrize("note", ['"3 inch', 'said "so"', '"3 inch"x'])
def test_a_stray_quotation_mark_swallows_no_row(tmp_path: Path, note: str) -> None:
    body = [f"{index}.png,{'a' if index < 2 else 'b'},{note if index == 1 else ''}" for index in range(4)]
    scan = listed(table(flat(tmp_path, *FOUR), rows("file,label,note", *body)))
    assert labels(scan) == READ
    stray = ("“labels.csv” has a quotation mark without its partner near line 3: take it out.",)
    assert scan.doubts == (stray if note.startswith('"') else ())


def test_two_stray_quotation_marks_swallow_no_row(tmp_path: Path) -> None:
    text = rows("file,label,note", "0.png,a,", '1.png,a,"3 inch', '2.png,b,5"', "3.png,b,")
    scan = listed(table(flat(tmp_path, *FOUR), text))
    assert labels(scan) == READ
    assert len(scan.doubts) == 1


def test_a_note_of_several_lines_is_one_cell(tmp_path: Path) -> None:
    text = rows("file,note,label", '0.png,"two\nlines, so",a', '1.png,"",a', "2.png,,b", "3.png,,b")
    scan = listed(table(flat(tmp_path, *FOUR), text))
    assert (labels(scan), scan.doubts, scan.missing) == (READ, (), ())


TOLD = {
    "not text": ("\0\1", "“t.csv” is not text, so it was not read: save it again as CSV."),
    "no label": (
        "file,quality\n0.png,1\n1.png,2\n",
        "“t.csv” names images, but no column is called label or class, so it was not used. "
        "If one holds the classes, rename it to “label”.",
    ),
    "unknown file column": (
        "Foto,label\n0.png,1\n1.png,2\n",
        "“t.csv” names images in its column “Foto”, so it was not read: rename that column to “file”.",
    ),
    "no names": (
        "a,0.png\nb,1.png\n",
        "“t.csv” names images, but has no line of names: let it begin with a line “file,label”.",
    ),
}


@pytest.mark.parametrize(("text", "doubt"), TOLD.values(), ids=TOLD)
def test_a_table_that_was_not_used_is_told(tmp_path: Path, text: str, doubt: str) -> None:
    root = table(flat(tmp_path, *FOUR), text, "t.csv")
    with pytest.raises(UserError, match="do not lie in class folders") as error:
        list_folder(root)
    assert error.value.hint == doubt
    table(root, "file,label\n0.png,a\n3.png,b\n")
    assert listed(root).doubts == (doubt,)


@pytest.mark.parametrize(
    "text", ["name,price\nx,3\n", "", "file,split,open\na.png,train,1\n", "id,label\n7,ant\n8,bee\n"]
)
def test_a_table_of_something_else_is_not_spoken_of(tmp_path: Path, text: str) -> None:
    assert listed(table(fill(tmp_path, ants=2, bees=2), text)).doubts == ()


def test_a_table_beside_class_folders_is_told_until_a_person_chose(tmp_path: Path) -> None:
    root = table(fill(tmp_path, ants=4, bees=4), "file,label\nants/000.png,x\nbees/000.png,y\n")
    (doubt,) = listed(root).doubts
    assert doubt.startswith("“labels.csv” labels 2 images, but the folders were used as classes.")
    assert listed(root, "classes").doubts == listed(root, "table:labels.csv").doubts == ()


def test_of_several_tables_the_one_for_most_images_is_used(tmp_path: Path) -> None:
    root = table(flat(tmp_path, *FOUR), "file,label\n0.png,x\n2.png,y\n", "a.csv")
    table(root, "file,label\n0.png,a\n1.png,a\n3.png,b\n", "b.csv")
    scan = listed(root)
    assert scan.classes == ("a", "b")
    assert scan.doubts == (
        "“a.csv” labels 1 image that “b.csv” does not, and is not used: put all rows into one table.",
    )


def test_a_name_that_several_images_have_is_told(tmp_path: Path) -> None:
    root = flat(tmp_path, "x/0.png", "y/0.png", "x/1.png", "y/2.png")
    scan = listed(table(root, rows("file,label", "0.png,a", "1.png,a", "2.png,b")), "table:labels.csv")
    assert labels(scan) == {"x/0.png": "", "x/1.png": "a", "y/0.png": "", "y/2.png": "b"}
    (doubt,) = scan.doubts
    assert doubt == "“labels.csv” names “0.png”, but several images are called that: write the folder before the name."
    assert scan.missing == ()


def test_a_table_further_down_is_told_where_no_class_was_found(tmp_path: Path) -> None:
    root = flat(tmp_path, "train/0.png", "valid/1.png")
    table(root / "train", "file,label\n0.png,a\n")
    with pytest.raises(UserError) as told:
        list_folder(root)
    further = "“train/labels.csv” was not read: put a table of labels right into the folder that you choose."
    assert told.value.hint == further


def test_a_second_table_for_other_images_is_told(tmp_path: Path) -> None:
    root = table(flat(tmp_path, *FOUR), "file,label\n0.png,a\n2.png,b\n", "train.csv")
    table(root, "file,label\n1.png,a\n3.png,b\n", "test.csv")
    without = "“test.csv” labels 2 images that “train.csv” does not, and is not used"
    assert listed(root, "table:train.csv").doubts == (f"{without}: put all rows into one table.",)


def test_numbers_in_two_forms_are_one_class_and_empty_words_are_none(tmp_path: Path) -> None:
    names = [f"{index}.png" for index in range(8)]
    words = ("1", "1.0", "0", "nan", "NA", "None", "", "NaN")
    text = rows("file,label", *(f"{name},{word}" for name, word in zip(names, words, strict=True)))
    scan = listed(table(flat(tmp_path, *names), text))
    assert list(labels(scan).values()) == ["1", "1", "0", "", "", "", "", ""]
    assert scan.classes == ("0", "1")


def test_what_a_table_leaves_out_is_left_out_without_a_problem(tmp_path: Path) -> None:
    text = rows("file,label,group,split,left_out,label_in_folder", "0.png,a,,,yes,a", "1.png,a,,,,b", "2.png,b,,,,b")
    scan = listed(table(flat(tmp_path, *FOUR), text))
    assert [(image.left_out, image.problem) for image in scan.images] == [(True, ""), *[(False, "")] * 3]
    assert [image.path for image in scan.usable] == ["1.png", "2.png"]


def test_two_folders_that_look_alike_in_their_name_are_told(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    (doubt,) = listed(fill(tmp_path, **{composed: 1, decomposed: 1, "bees": 1})).doubts
    assert doubt == f"2 folders look alike in their name, “{composed}”, and are one class: rename one if they are two."


def test_the_same_folders_in_every_class_may_be_the_classes(tmp_path: Path) -> None:
    root = fill(tmp_path, photo__cat=1, photo__dog=1, photo__owl=1, sketch__cat=1, sketch__dog=1, sketch__owl=1)
    scan = listed(root)
    assert scan.classes == ("photo", "sketch")
    assert scan.doubts == ("Each class folder holds the same folders, cat, dog and 1 more: are those the classes?",)
    inner = listed(root, "inner")
    assert (inner.classes, inner.doubts) == (("cat", "dog", "owl"), ())
    assert [image.group for image in inner.images] == ["photo"] * 3 + ["sketch"] * 3


def test_other_folders_in_each_class_are_no_classes(tmp_path: Path) -> None:
    for number, more in enumerate(("ants__b", "bees")):
        names = {"ants__a": 1, "ants__c": 1, "bees__a": 1, "bees__c": 1, more: 1}
        scan = listed(fill(tmp_path / str(number), **names))
        assert (scan.doubts, [reading.key for reading in scan.readings]) == ((), ["classes"])
