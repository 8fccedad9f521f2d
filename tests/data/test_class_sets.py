from seco.data.class_sets import CLASS_SETS, COCO, VOC
from seco.storage.label_map import palette

# COCO's category ids run from 1 to 90; these were never given out.
GAPS = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
SOME = {1: "person", 11: "fire hydrant", 13: "stop sign", 25: "giraffe", 27: "backpack", 44: "bottle", 62: "chair"}
MORE = {65: "bed", 67: "dining table", 70: "toilet", 72: "tv", 82: "refrigerator", 84: "book", 90: "toothbrush"}


def test_cocos_names_are_in_the_order_of_its_category_ids() -> None:
    categories = [number for number in range(1, 91) if number not in GAPS]
    assert len(COCO) == len(set(COCO)) == len(categories) == 80
    names = dict(zip(categories, COCO, strict=True))
    assert {number: names[number] for number in SOME | MORE} == SOME | MORE


def test_class_sets_have_names() -> None:
    assert CLASS_SETS == {"voc": VOC, "coco": COCO}
    assert len(VOC) == len(set(VOC)) == 20


def test_the_palette_is_vocs() -> None:
    colours = palette()
    assert colours[3 * 20 : 3 * 20 + 3] == (0, 64, 128)  # tvmonitor
    assert colours[3 * 80 : 3 * 80 + 3] == (32, 64, 0)  # 80 = 0b1_010_000: bit 4 is green's second, bit 6 red's third
