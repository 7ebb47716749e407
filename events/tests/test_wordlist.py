"""The word list: what is disguised is found, what only looks or sounds like it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import wordlist

WORDS = ["加微信", "代刷", "博彩", "色情", "傻逼"]


@pytest.mark.parametrize(
    "text",
    [
        "加微信领资料",
        "加 微 信 领资料",
        "加\u200b微\u3000信",
        "加·微*信",
        "加薇信",
        "加wei信",
        "加 WEI 心",
        "加V̂X",
        "加ṽx",
        "加威x",
        "➕V信",
        "+vx 领资料",
        "加ＷＸ",
        "加v领资料",
        "嘉薇信",
        "代刷、代 刷",
        "菠菜网",
        "傻Ｘ不算，傻.逼算",
        "沙比",
        "賭博？不，博　彩",
        "涩情",
        "色色情情",
    ],
)
def test_a_disguised_word_is_still_that_word(text):
    assert wordlist.hit(text, WORDS)


@pytest.mark.parametrize(
    "text",
    [
        "新人进群三天就不说话了，怎么办？",
        "老师，微信群和企业微信群哪个好？",
        "数据看板能分享吗",
        "博物馆的合作案例太精彩了",
        "怎么刷新社群的内容",
        "情绪价值具体怎么做",
        "👍👍👍",
        "V1 和 V2 版本差在哪",
    ],
)
def test_what_people_say_is_let_through(text):
    assert wordlist.hit(text, WORDS) is None


LIST = [*WORDS, "赌博", "刷单", "裸聊", "casino", "QQ群"]
DISGUISES = {
    # letters of other alphabets
    "casino": [
        *("саsinо", "CАSINО", "cαsino", "cαsinο", "c4s1n0", "ca$ino", "c@sin0", "Ⓒⓐⓢⓘⓝⓞ", "⒞⒜⒮⒤⒩⒪"),
        *("🅲🅰🆂🅸🅽🅾", "🅒🅐🅢🅘🅝🅞", "𝓬𝓪𝓼𝓲𝓷𝓸", "ｃａｓｉｎｏ", "ᴄᴀꜱɪɴᴏ", "c.a.s.i.n.o", "c a s i n o", "cáşíñö", "caaasssino"),
        *("bestcasino88", "cas-ino"),
    ],
    # half in pinyin, or with letters between
    "加微信": [
        *("jia wei xin", "jiaweixin", "jia微信", "加weixin", "加 wei 信", "加wechat", "加ᴠx", "加🆅🆇", "加νх"),
        *("➕v信", "加x微x信", "加薇芯", "+薇"),
    ],
    "博彩": ["博cai", "bo彩", "b0彩", "博x彩", "bocai", "博の彩", "博1彩", "愽彩", "菠菜"],
    "赌博": ["赌x博", "赌🎲博", "賭博", "赌bo", "堵博", "dubo"],
    "刷单": ["刷a单", "刷單", "shua单", "刷dan", "刷_单"],
    "色情": ["se情", "色qing", "色qq情", "涩情", "色*情"],
    "傻逼": ["傻b", "傻bi", "沙比", "煞笔", "s h a b i"],
    "代刷": ["dai刷", "代shua", "代1刷", "代 · 刷"],
    "裸聊": ["裸liao", "luo聊", "裸❤️聊"],
    "QQ群": ["扣扣群", "ＱＱ群", "q q 群", "𝐐𝐐群"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("word", "disguise"), [(word, each) for word, several in DISGUISES.items() for each in several]
)
def test_every_kind_of_disguise_is_seen_through(word, disguise):
    assert wordlist.hit(f"大家好，{disguise}，谢谢", LIST) == word


@pytest.mark.parametrize(
    "disguise",
    [
        "саsinо",
        "c4s1n0",
        "🅲🅰🆂🅸🅽🅾",
        "赌x博",
        "刷a单",
        "博cai",
        "bo彩",
        "賭博",
        "傻b",
        "加v信",
        "加wei信",
    ],
)
def test_a_disguised_word_is_no_name(disguise):
    assert wordlist.hit(f"小{disguise}", LIST, by_sound=False)


HARMLESS = (
    """
新人进群三天就不说话了，怎么办？|老师，微信群和企业微信群哪个好？|数据看板能分享吗|博物馆的合作案例太精彩了|怎么刷新社群的内容
情绪价值具体怎么做|V1 和 V2 版本差在哪|大家为新人鼓掌|颜色清晰一点更好|特色情怀小店也能做社群|角色情绪板是什么|那个年代刷屏的歌
微博彩蛋活动反响很好|博采众长，取长补短|增加威信要靠兑现承诺|想参加微课|维新变法那年的故事|唯心主义和唯物主义|等待刷新就好
问一下啥比较好用|景色清幽，适合团建|别跟用户赌气|刷题打卡营怎么收费|1+1 大于 2|直播+微信群怎么配合|代购转社群的难点|裸辞之后做了社群
QQ 和企业微信哪个好|casual 的活动反而来的人多|代表刷了一遍数据|比特币我不懂|傻乎乎地等了一周|我的微信群有三百人|请先看群公告
蔬菜菠萝都团购|年代刷子和新刷子|同色系的海报|情侣装的团购卖爆了|加油，下一场见|加分项是什么|加入我们的读书会|加班到十点
添加一个欢迎语|增加一次复盘|信心比黄金重要|新心态，新玩法|微信视频号开播提醒怎么设置|企业微信的标签怎么打|彩色便签很好用|彩排要不要请主持人
博主合作怎么谈|博士来分享课题|博客还有人看吗|代码开源了吗|代餐团购复购高|时代变了|一代一代传下去|牙刷团购|刷脸签到快不快
刷卡还是扫码|印刷海报找谁|冲刷记忆|情人节活动复盘|热情接待|同情心|爱情公寓主题|心情日记打卡|色彩搭配课|绿色出行|特色小镇|角色扮演破冰
黄色便利贴不够了|傻瓜相机|傻瓜式操作手册|逼近截止日期|逼真的演示|强逼打卡没用|赌一把新渠道|打赌谁先破千人|博大精深|地大物博
单量涨了三成|订单提醒|清单发我一份|名单什么时候定|裸妆教程|赤裸裸的数据|聊聊转化|闲聊群怎么管|QQ 邮箱收不到|群里有人退群
How do you keep a group alive?|We ran a case in our office|Essex 大学的案例|Bob 说得对|JR 线怎么走|see you in casa|Q：怎么冷启动？A：先拉十个种子
今天下午 3 点|报名 120 人，到场 98 人|转化率 12.5%|￥99 的入门课|@全体成员 会不会打扰|#活动 标签|https 链接打不开|微波炉旁边集合
家校群的边界|家委会的微信公告|佳能相机借一台|嘉宾名单|夹心饼干当茶歇|价位信息在海报上|维修信息登记表|唯一信得过的渠道|伟大的新时代
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


def test_a_hundred_sentences_that_people_say_are_let_through():
    assert len(HARMLESS) >= 100
    assert {said: word for said in HARMLESS if (word := wordlist.hit(said, LIST))} == {}


NAMES = (
    """
贾维新|Du Bo|郑文博|夏小微|Bob Xin|卜彩霞|买买提·吐尔逊|杜博|王维信|魏欣|Wei Xin|贾伟新|嘉维欣|Jia Weixin|薄彩云|Bo Caixia|岱舒|舒碧|佘青|戴帅
赵加微|李微|刘信|Alex Wei|沙碧|萨比尔|加央卓玛|多杰加|佘倩|代书琴|戴淑华|单舒|博文|彩云|何情|尚碧|Shabir Ahmed|Sebastian|Qing Se|Dai Shu|O'Brien|St.John|J.R. Smith|Dr.Li
阿依古丽|古丽娜尔·艾力|欧阳博彦|司马彩虹|诸葛微|上官情|夏代刚|Vx 小王|Casey Nolan|钱多多|陈加威|周嘉薇|维克多·信|Xin Wei|罗聊城|Luo Liao
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


def test_fifty_real_names_stand():
    assert len(NAMES) >= 50
    words = [*LIST, "菠菜", "sex"]
    assert {
        name: word for name in NAMES if (word := wordlist.hit(name, words, by_sound=False))
    } == {}


SEPARATORS = st.text(st.sampled_from(list(" 　*.-_~·|/\u200b\u200d、，!！😀")), max_size=3)


@given(st.sampled_from(WORDS), st.data(), st.booleans())
def test_no_sign_between_the_characters_hides_a_word(word, data, wide):
    disguised = word[0] + "".join(data.draw(SEPARATORS) + character for character in word[1:])
    assert wordlist.hit(f"大家好{disguised}谢谢", [word]) == word


@given(st.text())
def test_any_text_can_be_looked_at(text):
    wordlist.hit(text, WORDS)
