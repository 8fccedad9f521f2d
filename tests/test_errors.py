from seco.errors import did_you_mean


def test_a_name_that_is_like_a_known_one_is_suggested():
    assert did_you_mean("voc", ["coco2014", "voc2012"]) == "did you mean voc2012?"


def test_of_a_name_like_none_all_are_told():
    assert did_you_mean("x", ["coco2014", "voc2012"]) == "choose one of coco2014, voc2012"
