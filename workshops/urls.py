"""Addresses of the room: `urlpatterns` below /e/<slug>/, `organiser_urlpatterns` below
/admin/e/<slug>/."""

from django.urls import path

from workshops.views import exchange, groups, judging, now, opening, pains, plans, questions

urlpatterns = [
    path("me/now/", now.me_now, name="me_now"),
    path("me/given/", now.me_given, name="me_given"),
    # pain wall
    path("me/pains/", pains.me_pains, name="me_pains"),
    path("me/pains/list/", pains.pains_list, name="me_pains_list"),
    path("me/pains/<int:pk>/solve/", pains.solve, name="me_solve"),
    path("me/pains/solutions/<int:pk>/like/", pains.like, name="me_like"),
    path("wall/pains/", pains.wall_pains, name="wall_pains"),
    path("host/pains/", pains.pains_host, name="pains_host"),
    path("host/pains/press/", pains.pains_press, name="pains_press"),
    # blind box and icebreaker
    path("wall/box/", opening.wall_box, name="wall_box"),
    path("wall/box/proof.json", opening.box_proof, name="box_proof"),
    path("wall/icebreaker/", opening.wall_icebreaker, name="wall_icebreaker"),
    path("me/icebreaker/", opening.me_icebreaker, name="me_icebreaker"),
    path("me/icebreaker/now/", opening.icebreaker_now, name="me_icebreaker_now"),
    path("host/opening/", opening.opening_host, name="opening_host"),
    path("host/opening/now/", opening.opening_hand, name="opening_hand"),
    path("host/opening/press/", opening.press, name="opening_press"),
    # questions and danmaku
    path("me/questions/", questions.me_questions, name="me_questions"),
    path("me/questions/list/", questions.questions_list, name="me_questions_list"),
    path("me/questions/<int:pk>/upvote/", questions.upvote, name="me_upvote"),
    path("wall/danmaku/", questions.wall_danmaku, name="wall_danmaku"),
    path("host/questions/", questions.questions_host, name="questions_host"),
    path("host/questions/queue/", questions.queue, name="questions_queue"),
    path("host/questions/press/", questions.press, name="questions_press"),
    # resource corner
    path("me/exchange/", exchange.me_exchange, name="me_exchange"),
    path("me/exchange/now/", exchange.exchange_now, name="me_exchange_now"),
    path("me/exchange/sit/", exchange.sit, name="me_sit"),
    path("me/exchange/ask/", exchange.ask, name="me_ask"),
    path("me/exchange/<int:pk>/", exchange.answer, name="me_match"),
    # group and plan
    path("me/group/", plans.me_group, name="me_group"),
    path("me/group/now/", plans.group_now, name="me_group_now"),
    path("me/group/save/", plans.save, name="me_group_save"),
    path("me/group/pen/", plans.pen, name="me_group_pen"),
    path("me/group/take-back/", plans.take_back, name="me_group_take_back"),
    path("me/group/photos/", plans.add_photo, name="me_group_photo"),
    path("me/group/photos/<int:pk>/remove/", plans.remove_photo, name="me_group_photo_remove"),
    path("photos/<int:pk>.jpg", plans.photo, name="plan_photo"),
    path("wall/plans/", judging.wall_plans, name="wall_plans"),
    # reviews and vote
    path("review/", judging.review, name="review"),
    path("me/vote/", judging.me_vote, name="me_vote"),
    path("me/vote/now/", judging.vote_now, name="me_vote_now"),
    path("host/workshop/", judging.workshop_host, name="workshop_host"),
    path("host/workshop/now/", judging.hand_now, name="workshop_hand"),
    path("host/workshop/press/", judging.press, name="workshop_press"),
]
organiser_urlpatterns = [
    path("pains.xlsx", pains.pains_export, name="pains_export"),
    path("groups/", groups.page, name="groups"),
    path("groups/what-ifs/", groups.what_ifs, name="groups_what_ifs"),
    path("groups/press/", groups.press, name="groups_press"),
    path("groups/move/", groups.move, name="groups_move"),
    path("groups/board/", groups.board, name="groups_board"),
    path("groups/<int:pk>/", groups.change, name="groups_change"),
    path("groups/table-cards/", groups.table_cards, name="table_cards"),
    path("judging/", judging.judging_page, name="judging"),
]
