import errno
import os

import pytest

from seco.errors import did_you_mean, remedy_of


def test_a_name_that_is_like_a_known_one_is_suggested():
    assert did_you_mean("voc", ["coco2014", "voc2012"]) == "did you mean voc2012?"


def test_of_a_name_like_none_all_are_told():
    assert did_you_mean("x", ["coco2014", "voc2012"]) == "choose one of coco2014, voc2012"


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "free some disk space"),
        (errno.ENAMETOOLONG, "shorten the name"),
        (errno.EMFILE, "raise the limit on open files (ulimit -n)"),
        (errno.EIO, "check the disk or the network drive"),
        (errno.EACCES, "do this"),
        (None, "do this"),
    ],
)
def test_an_error_of_the_system_has_its_own_remedy(number, remedy):
    fault = OSError("other") if number is None else OSError(number, os.strerror(number))
    assert remedy_of(fault, "do this") == remedy
